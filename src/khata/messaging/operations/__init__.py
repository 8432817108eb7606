"""What can be done with messages, in the order of a message's life."""

from khata.messaging.errors import DestinationUnpriced, IdempotencyKeyReused, InvalidRecipient
from khata.messaging.operations.accept import (
    SendRequest,
    SentMessage,
    drop_old_idempotency_keys,
    send_message,
    send_message_once,
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

__all__ = [
    "DestinationUnpriced",
    "Handed",
    "IdempotencyKeyReused",
    "InvalidRecipient",
    "SendRequest",
    "SentMessage",
    "apply_receipts",
    "claim_messages",
    "drop_foreign_receipts",
    "drop_old_idempotency_keys",
    "park_receipt",
    "release_claims",
    "send_message",
    "send_message_once",
    "send_messages",
    "settle_handed",
    "sweep_overdue",
]
