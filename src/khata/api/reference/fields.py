"""What every name in a body means, and what else is known about its values.

A name is described once and means the same everywhere; where it must not, `Struct.name` says so. What stands here
describes: bodies are checked by the operations, which name everything that is wrong at once.
"""

from collections.abc import Mapping

from khata.api.credit_history import KINDS
from khata.api.reference.forms import CREDITS, INSTANT, MONEY, Described, id_form
from khata.api.reference.mail_fields import MAIL_FIELDS
from khata.api.reference.message_fields import MESSAGE_FIELDS
from khata.billing.core.invoices import DocumentKind
from khata.billing.core.refund_life import RefundState
from khata.billing.queries import TopUpPurpose, TopUpState
from khata.messaging.core.dlt import CATEGORIES
from khata.messaging.operations.opt_outs import REASON_LENGTH_MAX
from khata.payments.port import PaymentMethod, PaymentStatus
from khata.payments.ways import PayBy
from khata.webhooks.core.retries import DeliveryState
from khata.webhooks.core.targets import URL_LENGTH_MAX
from khata.webhooks.operations import CHOOSABLE
from khata.webhooks.operations.endpoints import DESCRIPTION_LENGTH_MAX

_ENDPOINT_STATUS = {"enum": ["enabled", "disabled"]}

OTHER_FIELDS: Mapping[str, Described] = {
    # Templates
    "Template.id": ("Public id of the template.", id_form("tpl")),
    "template_number": ("The number the register gave it, 12 to 20 digits.", {"pattern": "^[0-9]{12,20}$"}),
    "TemplateBody.name": ("A name of yours, 1 to 120 characters.", {"minLength": 1}),
    "Template.name": ("A name of yours.", {}),
    "TemplateBody.from": ("One of the organisation's senders; capitals count.", {}),
    "Template.from": ("The sender of messages that go by it.", {}),
    "category": (
        "What it is for. `service_explicit` and `promotional` go out by day, 10:00 to 21:00 Indian time by default.",
        {"enum": list(CATEGORIES)},
    ),
    "text": ("The registered text, with variables like `{#var#}`, at most 1,600 characters.", {"minLength": 1}),
    "variables": ("The kinds of its variables, in order.", {}),
    "Template.created_at": ("When it was added.", INSTANT),
    "retired_at": ("When it was retired; `null` while it is in use.", INSTANT),
    # Messages from phones, and numbers opted out
    "InboundMessage.id": ("Public id of the message.", id_form("inb")),
    "InboundMessage.from": ("The phone it came from; with country code where the carrier told one.", {}),
    "InboundMessage.to": ("The number or short code it was sent to.", {}),
    "InboundMessage.body": ("The text.", {}),
    "keyword": ("`stop`, `start` or `help` where the text is nothing but a word for it, otherwise `null`.", {}),
    "received_at": ("When the carrier told it.", INSTANT),
    "OptOutsBody.to": ("Mobile numbers with country code, 1 to 10,000.", {}),
    "added": ("How many of the numbers were not opted out before.", {"minimum": 0}),
    "OptOut.id": ("Public id of the opt-out.", id_form("opt")),
    "OptOut.to": ("The number.", {}),
    "OptOutsBody.reason": ("A text of yours: why.", {"maxLength": REASON_LENGTH_MAX}),
    "OptOut.reason": ("Why: a text of yours, or what a phone answered.", {}),
    "OptOut.created_at": ("Since when.", INSTANT),
    # Credits
    "available": ("Credits that can be spent.", CREDITS),
    "held": ("Credits held for messages under way.", CREDITS),
    "expiring": ("Credits that expire, the soonest first.", {}),
    "ExpiringCredits.credits": ("How many.", CREDITS),
    "expires_at": ("When they expire.", INSTANT),
    "seq": ("Number of the entry; it grows, and an entry is never changed.", {"minimum": 1}),
    "kind": ("Why credits moved.", {"enum": list(KINDS)}),
    "description": ("A few words for people.", {}),
    "CreditChange.reference": ("Public id of the message, top-up or refund, where there is one.", {}),
    "CreditChange.credits": ("What was added, or taken (negative).", CREDITS),
    "balance_after": ("Available credits right after it.", CREDITS),
    # Top-ups
    "TopUpBody.amount": (
        "Rupees before tax, with at most two decimals.",
        {"pattern": r"^[0-9]{1,12}(\.[0-9]{1,2})?$"},
    ),
    "amount": ("Rupees before tax.", MONEY),
    "TopUp.id": ("Public id of the top-up.", id_form("top")),
    "TopUp.status": (
        "State of the top-up. Where a bank confirms late `failed`, `cancelled`, `expired` may still become `paid`.",
        {"enum": [state.value for state in TopUpState]},
    ),
    "tax": ("Tax on it: GST, or what the operator's country has.", MONEY),
    "total": ("What the payer pays.", MONEY),
    "currency": ("Currency of all amounts.", {}),
    "TopUp.purpose": (
        "`credits`, or `plan`: a month of a plan, whose included credits expire at its end.",
        {"enum": [purpose.value for purpose in TopUpPurpose]},
    ),
    "TopUp.credits": ("What it gives once it is paid.", CREDITS),
    "TopUp.bonus_credits": ("What it gives on top, by a bonus or a coupon.", CREDITS),
    "TopUpBody.gateway": (
        "Through which of the gateways configured here; by default the first. Its name is that in the settings.",
        {},
    ),
    "TopUp.gateway": ("The gateway it is paid through.", {}),
    "TopUpBody.pay_by": (
        "How: at the gateway, by whoever is given a link (for three days), or by a UPI QR code (for half an hour).",
        {},
    ),
    "TopUp.pay_by": ("How it is to be paid.", {"enum": [way.value for way in PayBy]}),
    "checkout_url": (
        "Where it is paid, in a browser: the way to the gateway, the payment link, or the page with the QR code.",
        {"format": "uri"},
    ),
    "upi_uri": ("What the QR code of a `upi_qr` top-up holds, where the gateway tells it.", {}),
    "TopUp.created_at": ("When it was begun.", INSTANT),
    "TopUp.expires_at": ("Until when it can be paid.", INSTANT),
    "paid_at": ("When it was paid.", INSTANT),
    "payments": ("Every payment the gateway reported, oldest first.", {}),
    "invoice_id": ("Its invoice, once it is paid.", {}),
    "Payment.reference": ("The gateway's id of the payment.", {}),
    "Payment.status": ("State of the payment.", {"enum": [status.value for status in PaymentStatus]}),
    "method": ("How it was paid.", {"enum": [method.value for method in PaymentMethod]}),
    "Payment.amount": ("Rupees paid, tax included.", MONEY),
    "bank_reference": ("What the bank calls it.", {}),
    "Payment.created_at": ("When the gateway saw it.", INSTANT),
    # Refunds
    "RefundBody.amount": (
        "Rupees to give back, tax included, with at most two decimals; all that is not refunded yet by default.",
        {"pattern": r"^[0-9]{1,12}(\.[0-9]{1,2})?$"},
    ),
    "reason": ("A text of yours: why.", {"maxLength": 255}),
    "refunds": ("Every refund of it, whoever began it, oldest first.", {}),
    "Refund.id": ("Public id of the refund.", id_form("rfnd")),
    "Refund.status": (
        "State of the refund. After `processed` the payer's bank may take 5–7 working days more.",
        {"enum": [state.value for state in RefundState]},
    ),
    "Refund.amount": ("Rupees given back, tax included.", MONEY),
    "Refund.tax": ("Tax in it.", MONEY),
    "Refund.credits": ("Credits that go with it.", CREDITS),
    "Refund.reference": ("The gateway's id of the refund.", {}),
    "Refund.created_at": ("When it was begun.", INSTANT),
    "Refund.finished_at": ("When it was processed, or failed.", INSTANT),
    # Invoices
    "Invoice.id": ("Public id of the document.", id_form("inv")),
    "Invoice.kind": (
        "A credit note takes back from an invoice; its amounts are not negative.",
        {"enum": [kind.value for kind in DocumentKind]},
    ),
    "number": ("Its number in a series without gaps, at most 16 characters.", {"pattern": "^[A-Z0-9]{1,3}/.+$"}),
    "issued_at": ("When it was issued; the date on the paper is India's.", INSTANT),
    "Invoice.top_up_id": ("The top-up it belongs to.", {}),
    "supplier": ("Who issued it, as written on it.", {}),
    "customer": ("To whom it was issued, as written on it.", {}),
    "InvoiceParty.name": ("Legal name.", {}),
    "InvoiceParty.address": ("Address; empty where none was given.", {}),
    "state_code": ("Code of the State, as GSTINs begin with.", {}),
    "gstin": ("GSTIN, where registered; under VAT the VAT number.", {}),
    "place_of_supply": ("Code of the State the supply is taxed in.", {}),
    "service_code": ("SAC.", {}),
    "Invoice.description": ("What was supplied.", {}),
    "Invoice.credits": ("How many credits it is about.", CREDITS),
    "Invoice.amount": ("Taxable value.", MONEY),
    "taxes": ("The taxes on it.", {}),
    "label": ("Name and rate of the tax.", {}),
    "InvoiceTax.amount": ("How much of it.", MONEY),
    "rounding": ("What rounding the taxes leaves over, on credit notes only.", {"pattern": r"^-?[0-9]+\.[0-9]{2}$"}),
    "Invoice.total": ("`amount`, `taxes` and `rounding` together.", MONEY),
    "payment_reference": ("The gateway's id of the payment.", {}),
    "corrects": ("With a credit note: number of the invoice it takes back from.", {}),
    "is_test": ("Whether it belongs to a test payment, so that it is no tax document.", {}),
    # Webhooks
    "url": (
        "Where events are sent: https, to port 443 or 8443, on the public internet.",
        {"maxLength": URL_LENGTH_MAX},
    ),
    "event_types": ("Types of events that are sent to it.", {}),
    "WebhookEndpointBody.event_types": (f"One or more of {', '.join(f'`{kind}`' for kind in CHOOSABLE)}.", {}),
    "WebhookEndpoint.description": ("What it is for.", {}),
    "NewWebhookEndpoint.description": ("What it is for.", {}),
    "WebhookEndpointBody.description": ("What it is for.", {"maxLength": DESCRIPTION_LENGTH_MAX}),
    "WebhookEndpointChange.description": ("What it is for.", {}),
    "WebhookEndpointChange.status": ("Whether events are sent to it.", {}),
    "WebhookEndpoint.id": ("Public id of the endpoint.", id_form("whe")),
    "NewWebhookEndpoint.id": ("Public id of the endpoint.", id_form("whe")),
    "WebhookEndpoint.status": ("Whether events are sent to it.", _ENDPOINT_STATUS),
    "NewWebhookEndpoint.status": ("Whether events are sent to it.", _ENDPOINT_STATUS),
    "disabled_reason": (
        "While it is disabled: `switched_off`, `gone` (it answered 410) or `failing` (for 5 days).",
        {},
    ),
    "failing_since": ("Since when every attempt has failed; `null` while the last one did not.", INSTANT),
    "WebhookEndpoint.created_at": ("When it was added.", INSTANT),
    "NewWebhookEndpoint.created_at": ("When it was added.", INSTANT),
    "secret": ("What requests are signed with, from now on.", {"pattern": "^whsec_[0-9A-Za-z+/=]{44}$"}),
    "WebhookDelivery.id": ("Public id of the delivery.", id_form("whd")),
    "webhook_id": ("The event's id, in the header `webhook-id`; the same in every attempt.", id_form("evt")),
    "event_type": ("Type of the event.", {}),
    "payload": ("What is sent.", {}),
    "WebhookDelivery.status": (
        "`delivered` after an answer with 2xx, `failed` after the last attempt.",
        {"enum": [state.value for state in DeliveryState]},
    ),
    "WebhookDelivery.created_at": ("When it was recorded.", INSTANT),
    "next_attempt_at": ("When it is sent next.", INSTANT),
    "WebhookDelivery.finished_at": ("When it was delivered, or given up.", INSTANT),
    "attempts": ("Every request, oldest first.", {}),
    "duration_ms": ("How long it took, in milliseconds.", {"minimum": 0}),
    "status_code": ("The answer's status; `null` where none came.", {}),
    "WebhookAttempt.error": ("Why no answer came.", {}),
    "answer": ("The beginning of the answer's body.", {}),
    # Pages
    "data": ("The rows.", {}),
    "next_cursor": ("Give it as `cursor` to go on; `null` on the last page.", {}),
    # Problems
    "type": ("Where the error is explained.", {"format": "uri-reference"}),
    "title": ("The error's name for people.", {}),
    "Problem.status": ("The answer's status.", {"minimum": 400, "maximum": 599}),
    "request_id": ("Names this request in our log.", {"pattern": "^req_[0-9a-f]{24}$"}),
    "errors": ("With faults in single fields: what is wrong with which.", {}),
    "field": ("Where the fault is, like `messages[3].to`.", {}),
    "organisation": ("With `insufficient_credits`: whose balance it is.", {}),
    "Problem.balance": ("With `insufficient_credits`: available credits.", CREDITS),
    "required": ("With `insufficient_credits`: what the request would cost.", CREDITS),
    "top_up_url": ("With `insufficient_credits`: where to add what is missing.", {"format": "uri"}),
    "retry_after_s": ("With `rate_limited`, `destination_throttled`: seconds to wait, as `Retry-After` says.", {}),
    "period": ("With `spend_cap_reached`, `destination_throttled`: what the cap or the limit is for.", {}),
    "cap": ("With `spend_cap_reached`: the organisation's own cap, in credits.", CREDITS),
    "used": ("With `spend_cap_reached`: credits accepted within that day or month.", CREDITS),
    "destination": ("With `destination_throttled`: a country's ISO 3166 code, or a prefix like `+97798`.", {}),
    "most": ("With `destination_throttled`: how many messages fit the hour or the day now.", {"minimum": 1}),
    "country": ("With `country_not_allowed`: the country's ISO 3166 code.", {}),
    "scope": ("With `missing_scope`: the scope this call needs.", {}),
    "top_up_id": (
        "Where the gateway did not answer: the top-up begun, which the same Idempotency-Key goes on with.",
        {},
    ),
    "missing": ("With `billing_details_missing`: which details.", {}),
    "refundable": ("With `refund_exceeds_unspent`: the most that can be refunded now, tax included.", MONEY),
}

FIELDS = {**MESSAGE_FIELDS, **MAIL_FIELDS, **OTHER_FIELDS}


def described(struct: str, name: str) -> Described:
    """Raises KeyError for a name that nobody has described."""
    return FIELDS.get(f"{struct}.{name}") or FIELDS[name]
