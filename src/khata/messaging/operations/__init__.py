"""What can be done with messages, in the order of a message's life."""

from khata.messaging.errors import (
    CountryNotAllowed,
    DestinationThrottled,
    DestinationUnpriced,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    InvalidRecipient,
    MessageUnderWay,
    NoRoute,
    RateLimited,
    RecipientOptedOut,
    SpendCapReached,
    TemplateNotMatched,
)
from khata.messaging.operations.accept import (
    Accepted,
    Answer,
    accept_batch,
    send_message,
    send_messages,
)
from khata.messaging.operations.batch import BATCH_COUNT_MAX, RefusedItem, SentBatch, send_batch
from khata.messaging.operations.cancellations import cancel_message
from khata.messaging.operations.dispatch import Handed, claim_messages
from khata.messaging.operations.feedback import recipient_of, unsubscribe
from khata.messaging.operations.leases import end_lease, new_lease_token, renew_lease
from khata.messaging.operations.mails import drop_sent_attachments
from khata.messaging.operations.news import News, settle_news
from khata.messaging.operations.opt_outs import add_opt_outs, remove_opt_out
from khata.messaging.operations.quote import MessageQuote, quote_message
from khata.messaging.operations.readings import READ_EVERY_S, Reading, write_readings
from khata.messaging.operations.receipts import apply_parked_receipts, drop_foreign_receipts
from khata.messaging.operations.registered_templates import (
    Imported,
    RefusedRow,
    TemplateToAdd,
    add_template,
    import_templates,
    retire_template,
)
from khata.messaging.operations.releases import release_scheduled
from khata.messaging.operations.replays import SentMessage, drop_old_idempotency_keys
from khata.messaging.operations.requests import Acceptance, MailParts, SendRequest
from khata.messaging.operations.routes import configure_routes, configured_routes, routes_in_force
from khata.messaging.operations.senders import add_sender, change_registration, remove_sender
from khata.messaging.operations.sweeps import Question, look_at_silent, sweep_overdue

__all__ = [
    "BATCH_COUNT_MAX",
    "READ_EVERY_S",
    "Acceptance",
    "Accepted",
    "Answer",
    "CountryNotAllowed",
    "DestinationThrottled",
    "DestinationUnpriced",
    "Handed",
    "IdempotencyKeyInFlight",
    "IdempotencyKeyReused",
    "Imported",
    "InvalidRecipient",
    "MailParts",
    "MessageQuote",
    "MessageUnderWay",
    "News",
    "NoRoute",
    "Question",
    "RateLimited",
    "Reading",
    "RecipientOptedOut",
    "RefusedItem",
    "RefusedRow",
    "SendRequest",
    "SentBatch",
    "SentMessage",
    "SpendCapReached",
    "TemplateNotMatched",
    "TemplateToAdd",
    "accept_batch",
    "add_opt_outs",
    "add_sender",
    "add_template",
    "apply_parked_receipts",
    "cancel_message",
    "change_registration",
    "claim_messages",
    "configure_routes",
    "configured_routes",
    "drop_foreign_receipts",
    "drop_old_idempotency_keys",
    "drop_sent_attachments",
    "end_lease",
    "import_templates",
    "look_at_silent",
    "new_lease_token",
    "quote_message",
    "recipient_of",
    "release_scheduled",
    "remove_opt_out",
    "remove_sender",
    "renew_lease",
    "retire_template",
    "routes_in_force",
    "send_batch",
    "send_message",
    "send_messages",
    "settle_news",
    "sweep_overdue",
    "unsubscribe",
    "write_readings",
]
