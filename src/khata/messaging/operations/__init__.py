"""What can be done with messages, in the order of a message's life."""

from khata.messaging.errors import (
    DestinationUnpriced,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    InvalidRecipient,
)
from khata.messaging.operations.accept import (
    Acceptance,
    Accepted,
    Answer,
    SendRequest,
    accept_batch,
    send_message,
    send_messages,
)
from khata.messaging.operations.dispatch import (
    Handed,
    claim_messages,
    release_claims,
    settle_handed,
    sweep_overdue,
)
from khata.messaging.operations.receipts import apply_receipts, drop_foreign_receipts, park_receipt
from khata.messaging.operations.replays import SentMessage, drop_old_idempotency_keys

__all__ = [
    "Acceptance",
    "Accepted",
    "Answer",
    "DestinationUnpriced",
    "Handed",
    "IdempotencyKeyInFlight",
    "IdempotencyKeyReused",
    "InvalidRecipient",
    "SendRequest",
    "SentMessage",
    "accept_batch",
    "apply_receipts",
    "claim_messages",
    "drop_foreign_receipts",
    "drop_old_idempotency_keys",
    "park_receipt",
    "release_claims",
    "send_message",
    "send_messages",
    "settle_handed",
    "sweep_overdue",
]
