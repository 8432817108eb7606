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
from khata.messaging.operations.batch import BATCH_COUNT_MAX, RefusedItem, SentBatch, send_batch
from khata.messaging.operations.dispatch import (
    Handed,
    claim_messages,
    settle_handed,
    sweep_overdue,
)
from khata.messaging.operations.quote import MessageQuote, quote_message
from khata.messaging.operations.receipts import apply_receipts, drop_foreign_receipts, park_receipts
from khata.messaging.operations.replays import SentMessage, drop_old_idempotency_keys

__all__ = [
    "BATCH_COUNT_MAX",
    "Acceptance",
    "Accepted",
    "Answer",
    "DestinationUnpriced",
    "Handed",
    "IdempotencyKeyInFlight",
    "IdempotencyKeyReused",
    "InvalidRecipient",
    "MessageQuote",
    "RefusedItem",
    "SendRequest",
    "SentBatch",
    "SentMessage",
    "accept_batch",
    "apply_receipts",
    "claim_messages",
    "drop_foreign_receipts",
    "drop_old_idempotency_keys",
    "park_receipts",
    "quote_message",
    "send_batch",
    "send_message",
    "send_messages",
    "settle_handed",
    "sweep_overdue",
]
