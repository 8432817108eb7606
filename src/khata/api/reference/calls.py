"""Every call of the API, in the order people learn it."""

from khata.api.balance import Balance
from khata.api.credit_history import KINDS, CreditHistoryPage
from khata.api.invoices import PDF, Invoice, InvoicePage
from khata.api.reference import examples
from khata.api.reference.call import (
    CURSOR,
    LIMIT,
    REQUIRED_KEY,
    Call,
    Parameter,
    id_in_path,
    time_range,
)
from khata.api.reference.mail_calls import MAIL_CALLS
from khata.api.reference.message_calls import MESSAGE_CALLS
from khata.api.reference.opt_out_calls import INBOUND_CALLS, OPT_OUT_CALLS
from khata.api.reference.template_calls import TEMPLATE_CALLS
from khata.api.reference.webhook_calls import WEBHOOK_CALLS
from khata.api.refunds import RefundBody
from khata.api.top_ups import Refund, TopUp, TopUpBody, TopUpPage
from khata.billing.operations import (
    AlreadyRefunded,
    BillingDetailsMissing,
    GatewayRefused,
    GatewayUnavailable,
    NoGatewayConfigured,
    PlanPaymentNotRefundable,
    RefundExceedsUnspent,
    TopUpDisputed,
    TopUpNotPaid,
)
from khata.billing.operations import IdempotencyKeyReused as TopUpKeyReused

_TOP_UP_ID = id_in_path("top_up_id", "top", "The top-up's `id`.")
_INVOICE_ID = id_in_path("invoice_id", "inv", "The document's `id`.")

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
            *time_range("created"),
            LIMIT,
            CURSOR,
        ),
    ),
)

TOP_UP_CALLS = (
    Call(
        "POST",
        "/v1/top-ups",
        "Begin a top-up",
        "Nothing is paid yet: an owner of the organisation opens `checkout_url` in a browser and pays there, or with"
        " `pay_by` anybody else, by a payment link or a UPI QR code.",
        201,
        TopUp,
        examples.TOP_UP,
        "billing",
        bodies=(TopUpBody,),
        examples={
            "a thousand rupees": {"amount": "1000.00", "currency": "INR"},
            "by a link for a colleague": {"amount": "1000.00", "pay_by": "link"},
        },
        parameters=(REQUIRED_KEY,),
        headers=("Location", "Idempotent-Replayed"),
        errors=(BillingDetailsMissing, TopUpKeyReused, NoGatewayConfigured, GatewayRefused, GatewayUnavailable),
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
        parameters=(_TOP_UP_ID,),
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
        parameters=(_TOP_UP_ID, REQUIRED_KEY),
        headers=("Location", "Idempotent-Replayed"),
        errors=(
            TopUpNotPaid,
            TopUpDisputed,
            PlanPaymentNotRefundable,
            AlreadyRefunded,
            RefundExceedsUnspent,
            TopUpKeyReused,
        ),
    ),
)

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
        parameters=(*time_range("issued"), LIMIT, CURSOR),
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
        parameters=(_INVOICE_ID,),
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
        parameters=(_INVOICE_ID,),
        headers=("Content-Disposition",),
        media_type=PDF,
    ),
)

GROUPS = {
    "Messages": MESSAGE_CALLS,
    "Inbound messages": INBOUND_CALLS,
    "Opt-outs": OPT_OUT_CALLS,
    "Templates": TEMPLATE_CALLS,
    "E-mail": MAIL_CALLS,
    "Credits": CREDIT_CALLS,
    "Top-ups": TOP_UP_CALLS,
    "Invoices": INVOICE_CALLS,
    "Webhooks": WEBHOOK_CALLS,
}
