"""Every call of the API, in the order people learn it."""

from khata.api.balance import Balance
from khata.api.batch import Batch, BatchBody, BroadcastBody
from khata.api.credit_history import KINDS, CreditHistoryPage
from khata.api.hot import MessageBody, SentBody
from khata.api.invoices import PDF, Invoice, InvoicePage
from khata.api.messages import STATUSES, DetailedMessage, MessagePage
from khata.api.quotes import Quote
from khata.api.reference import examples
from khata.api.reference.call import (
    CREATED_AFTER,
    CREATED_BEFORE,
    CURSOR,
    FOR_ALL,
    FOR_BODIES,
    FOR_KEYS,
    FOR_REQUIRED_KEYS,
    INSTANT,
    LIMIT,
    OPTIONAL_KEY,
    REQUIRED_KEY,
    Call,
    Parameter,
    id_in_path,
)
from khata.api.refunds import RefundBody
from khata.api.top_ups import Refund, TopUp, TopUpBody, TopUpPage
from khata.billing.operations import (
    AlreadyRefunded,
    BillingDetailsMissing,
    GatewayRefused,
    GatewayUnavailable,
    NoGatewayConfigured,
    RefundExceedsUnspent,
    TopUpDisputed,
    TopUpNotPaid,
)
from khata.billing.operations import IdempotencyKeyReused as TopUpKeyReused
from khata.kernel.errors import InvalidRequest, NotFound
from khata.kernel.group_commit import Overloaded
from khata.ledger.operations import InsufficientCredits, WalletFrozen
from khata.messaging.operations import (
    DestinationUnpriced,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    InvalidRecipient,
    RateLimited,
    SpendCapReached,
)

_STOPS = (InsufficientCredits, WalletFrozen, RateLimited, SpendCapReached)

MESSAGE_CALLS = (
    Call(
        "POST",
        "/v1/messages",
        "Send a message",
        "Accepts one message. `202` means that it is stored and its credits are held, both durably.",
        202,
        SentBody,
        examples.SENT,
        "send",
        bodies=(MessageBody,),
        examples={"the least": examples.MESSAGE, "everything": examples.FULL_MESSAGE},
        parameters=(OPTIONAL_KEY,),
        headers=("Location", "Idempotent-Replayed"),
        errors=(
            *FOR_ALL, *FOR_BODIES, *FOR_KEYS, *_STOPS, InvalidRecipient, DestinationUnpriced, IdempotencyKeyReused,
            IdempotencyKeyInFlight, Overloaded,
        ),
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
        errors=(*FOR_ALL, *FOR_BODIES, *FOR_KEYS, *_STOPS, IdempotencyKeyReused),
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
                {"type": "string", "minLength": 1, "maxLength": 128},
            ),
            CREATED_AFTER,
            CREATED_BEFORE,
            LIMIT,
            CURSOR,
        ),
        errors=(*FOR_ALL, InvalidRequest),
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
        errors=(*FOR_ALL, NotFound),
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
        errors=(*FOR_ALL, *FOR_BODIES, InvalidRecipient, DestinationUnpriced),
    ),
)  # fmt: skip

CREDIT_CALLS = (
    Call(
        "GET",
        "/v1/balance",
        "Read the balance",
        "What can be spent, what is held for messages under way, and what expires when.",
        200,
        Balance,
        examples.BALANCE,
        "read",
        errors=FOR_ALL,
    ),
    Call(
        "GET",
        "/v1/credit-history",
        "List the credit history",
        "Every change of the available credits, newest first: each `balance_after` is the one before, plus `credits`.",
        200,
        CreditHistoryPage,
        examples.CREDIT_HISTORY,
        "read",
        parameters=(
            Parameter("kind", "query", "Only entries of this kind.", {"type": "string", "enum": list(KINDS)}),
            CREATED_AFTER,
            CREATED_BEFORE,
            LIMIT,
            CURSOR,
        ),
        errors=(*FOR_ALL, InvalidRequest),
    ),
)

TOP_UP_CALLS = (
    Call(
        "POST",
        "/v1/top-ups",
        "Begin a top-up",
        "Nothing is paid yet: an owner of the organisation opens `checkout_url` in a browser and pays there.",
        201,
        TopUp,
        examples.TOP_UP,
        "billing",
        bodies=(TopUpBody,),
        examples={"a thousand rupees": {"amount": "1000.00", "currency": "INR"}},
        parameters=(REQUIRED_KEY,),
        headers=("Location", "Idempotent-Replayed"),
        errors=(
            *FOR_ALL, *FOR_BODIES, *FOR_REQUIRED_KEYS, BillingDetailsMissing, TopUpKeyReused, NoGatewayConfigured,
            GatewayRefused, GatewayUnavailable,
        ),
    ),
    Call(
        "GET",
        "/v1/top-ups",
        "List top-ups",
        "Newest first.",
        200,
        TopUpPage,
        {"data": [examples.PAID_TOP_UP], "next_cursor": None},
        "billing",
        parameters=(LIMIT, CURSOR),
        errors=(*FOR_ALL, InvalidRequest),
    ),
    Call(
        "GET",
        "/v1/top-ups/{top_up_id}",
        "Read a top-up",
        "One top-up, with every payment the gateway reported for it and every refund.",
        200,
        TopUp,
        examples.REFUNDED_TOP_UP,
        "billing",
        parameters=(id_in_path("top_up_id", "top", "The top-up's `id`."),),
        errors=(*FOR_ALL, NotFound),
    ),
    Call(
        "POST",
        "/v1/top-ups/{top_up_id}/refunds",
        "Refund a top-up",
        "Gives money back, all of it or a part, with the credits that part bought. Only credits that are neither used "
        "nor held can go back. They are gone at once; the money takes its banks' time, and if it cannot be given back "
        "the credits return by themselves.",
        201,
        Refund,
        examples.REFUND,
        "billing",
        bodies=(RefundBody,),
        examples={"all that is left": {}, "a part": {"amount": "94.40", "reason": "Ordered too many"}},
        parameters=(id_in_path("top_up_id", "top", "The top-up's `id`."), REQUIRED_KEY),
        headers=("Location", "Idempotent-Replayed"),
        errors=(
            *FOR_ALL, *FOR_BODIES, *FOR_REQUIRED_KEYS, NotFound, TopUpNotPaid, TopUpDisputed, AlreadyRefunded,
            RefundExceedsUnspent, TopUpKeyReused,
        ),
    ),
)  # fmt: skip

INVOICE_CALLS = (
    Call(
        "GET",
        "/v1/invoices",
        "List invoices",
        "Invoices, and the credit notes that take back from them, newest first.",
        200,
        InvoicePage,
        {"data": [examples.CREDIT_NOTE, examples.INVOICE], "next_cursor": None},
        "billing",
        parameters=(
            Parameter("issued_after", "query", "From this instant on.", INSTANT),
            Parameter("issued_before", "query", "Up to this instant, which is not included.", INSTANT),
            LIMIT,
            CURSOR,
        ),
        errors=(*FOR_ALL, InvalidRequest),
    ),
    Call(
        "GET",
        "/v1/invoices/{invoice_id}",
        "Read an invoice",
        "One invoice or credit note, as it was issued. It never changes.",
        200,
        Invoice,
        examples.INVOICE,
        "billing",
        parameters=(id_in_path("invoice_id", "inv", "The document's `id`."),),
        errors=(*FOR_ALL, NotFound),
    ),
    Call(
        "GET",
        "/v1/invoices/{invoice_id}/pdf",
        "Read an invoice as PDF",
        "The paper: tagged, for archives (PDF/A-2a).",
        200,
        None,
        {},
        "billing",
        parameters=(id_in_path("invoice_id", "inv", "The document's `id`."),),
        headers=("Content-Disposition",),
        errors=(*FOR_ALL, NotFound),
        media_type=PDF,
    ),
)

GROUPS = {"Messages": MESSAGE_CALLS, "Credits": CREDIT_CALLS, "Top-ups": TOP_UP_CALLS, "Invoices": INVOICE_CALLS}
