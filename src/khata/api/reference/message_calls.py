"""The calls about messages."""

from khata.api.batch import Batch, BatchBody, BroadcastBody
from khata.api.hot import SentBody
from khata.api.message_body import MessageBody
from khata.api.messages import STATUSES, DetailedMessage, MessagePage
from khata.api.quotes import Quote
from khata.api.reference import examples
from khata.api.reference.call import (
    CURSOR,
    LIMIT,
    OPTIONAL_KEY,
    Call,
    Parameter,
    id_in_path,
    time_range,
)
from khata.kernel.group_commit import Overloaded
from khata.ledger.operations import InsufficientCredits, WalletFrozen
from khata.mail.operations import RecipientSuppressed, SenderNotVerified
from khata.messaging.core.draft import REFERENCE_LENGTH_MAX
from khata.messaging.operations import (
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

_STOPS = (InsufficientCredits, WalletFrozen, RateLimited, SpendCapReached)
_REFUSALS = (
    InvalidRecipient, DestinationUnpriced, NoRoute, CountryNotAllowed, RecipientOptedOut, TemplateNotMatched,
    SenderNotVerified, RecipientSuppressed,
)  # fmt: skip

MESSAGE_CALLS = (
    Call(
        "POST",
        "/v1/messages",
        "Send a message",
        "Accepts one message. `202` means that it is stored and its credits are held, both durably. With a "
        "`scheduled_at` to come its `status` is `scheduled`, and it is handed over then.",
        202,
        SentBody,
        examples.SENT,
        "send",
        bodies=(MessageBody,),
        examples={"the least": examples.MESSAGE, "everything": examples.FULL_MESSAGE, "an e-mail": examples.EMAIL},
        parameters=(OPTIONAL_KEY,),
        headers=("Location", "Idempotent-Replayed"),
        errors=(*_STOPS, *_REFUSALS, DestinationThrottled, IdempotencyKeyReused, IdempotencyKeyInFlight, Overloaded),
    ),
    Call(
        "POST",
        "/v1/messages/batch",
        "Send many messages",
        "Up to 10,000 different messages (`messages`), or one message to up to 10,000 recipients (`to`); the body has "
        "at most 8 MB. Every message is accepted or refused by itself, and `results` says which, in the order asked. "
        "With `all_or_nothing` either every message is accepted or none is.\n\n"
        "A batch of which nothing is accepted is a refused request: `402` where credits are all it lacks, with the "
        "requirement of the whole batch, and `422` where the messages themselves are at fault, with fields named like "
        "`messages[3].to` (the fourth message, or the message to the fourth recipient) and at most 100 of them. It "
        "changes nothing, costs nothing and leaves its Idempotency-Key free.",
        202,
        Batch,
        examples.SENT_BATCH,
        "send",
        bodies=(BatchBody, BroadcastBody),
        examples={"different messages": examples.BATCH, "one message to many": examples.BROADCAST},
        parameters=(OPTIONAL_KEY,),
        headers=("Idempotent-Replayed",),
        errors=(*_STOPS, IdempotencyKeyReused),
    ),
    Call(
        "GET",
        "/v1/messages",
        "List messages",
        "Newest first. The time range is found by an index; `status`, `to` and `reference` are looked for among the "
        "messages in it, 10,000 a page: a page may hold fewer than `limit`, or none, and still have a `next_cursor`. "
        "Go on until it is `null`, and give a time range where you can.",
        200,
        MessagePage,
        examples.MESSAGE_PAGE,
        "read",
        parameters=(
            Parameter("status", "query", "Only messages in this state.", {"type": "string", "enum": list(STATUSES)}),
            Parameter("to", "query", "Only messages to this number (write `+` as `%2B`)."),
            Parameter(
                "reference",
                "query",
                "Only messages with exactly this reference of yours.",
                {"type": "string", "minLength": 1, "maxLength": REFERENCE_LENGTH_MAX},
            ),
            *time_range("created"),
            LIMIT,
            CURSOR,
        ),
    ),
    Call(
        "GET",
        "/v1/messages/{message_id}",
        "Read a message",
        "One message, with all that happened to it. Credits are used when the carrier accepts a segment and returned "
        "for segments it surely did not take.",
        200,
        DetailedMessage,
        examples.DETAILED_MESSAGE,
        "read",
        parameters=(id_in_path("message_id", "msg", "The message's `id`."),),
    ),
    Call(
        "POST",
        "/v1/messages/{message_id}/cancel",
        "Cancel a message",
        "What is scheduled, or waits for a carrier, is not sent, and its credits return. Repeating it changes nothing. "
        "What is on its way cannot be called back.",
        200,
        DetailedMessage,
        examples.CANCELLED_MESSAGE,
        "send",
        parameters=(id_in_path("message_id", "msg", "The message's `id`."),),
        errors=(MessageUnderWay,),
    ),
    Call(
        "POST",
        "/v1/quotes",
        "Ask for the price",
        "Takes what `POST /v1/messages` takes, refuses what that would refuse in the message, and says what it would "
        "cost now. Sends nothing.",
        200,
        Quote,
        examples.QUOTE,
        "send",
        bodies=(MessageBody,),
        examples={"the least": examples.MESSAGE, "everything": examples.FULL_MESSAGE},
        errors=_REFUSALS,
    ),
)
