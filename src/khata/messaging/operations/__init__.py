"""What can be done with messages, in the order of a message's life."""

from khata.messaging.errors import (
    DestinationUnpriced,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    InvalidRecipient,
    RateLimited,
    SpendCapReached,
)
from khata.messaging.operations.accept import (
    Accepted,
    Answer,
    accept_batch,
    send_message,
    send_messages,
)
from khata.messaging.operations.batch import BATCH_COUNT_MAX, RefusedItem, SentBatch, send_batch
from khata.messaging.operations.dispatch import (
    Handed,
    claim_messages,
    settle_handed,
)
from khata.messaging.operations.leases import end_lease, new_lease_token, renew_lease
from khata.messaging.operations.news import News, settle_news
from khata.messaging.operations.quote import MessageQuote, quote_message
from khata.messaging.operations.receipts import apply_parked_receipts, drop_foreign_receipts, store_receipts
from khata.messaging.operations.replays import SentMessage, drop_old_idempotency_keys
from khata.messaging.operations.requests import Acceptance, SendRequest
from khata.messaging.operations.sweeps import sweep_overdue

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
    "News",
    "RateLimited",
    "RefusedItem",
    "SendRequest",
    "SentBatch",
    "SentMessage",
    "SpendCapReached",
    "accept_batch",
    "apply_parked_receipts",
    "claim_messages",
    "drop_foreign_receipts",
    "drop_old_idempotency_keys",
    "end_lease",
    "new_lease_token",
    "quote_message",
    "renew_lease",
    "send_batch",
    "send_message",
    "send_messages",
    "settle_handed",
    "settle_news",
    "store_receipts",
    "sweep_overdue",
]
