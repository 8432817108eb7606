"""One frozen dataclass per table; field names are column names.

`_minor` are paise, `_at` unix seconds (whole ones where the wire shows them), `notes` JSON text.
No row has a place for a card number or a CVV.
"""

from dataclasses import dataclass

from khata_sandbox.gateway.customer_rows import Customer, Token
from khata_sandbox.gateway.link_rows import PaymentLink, QrCode
from khata_sandbox.gateway.settlement_rows import Dispute, Downtime, Settlement
from khata_sandbox.switches import Switch


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    amount_minor: int
    currency: str
    receipt: str | None
    notes: str
    is_capture_automatic: int
    created_at: int
    status: str = "created"
    amount_paid_minor: int = 0
    attempts: int = 0
    is_partial: int = 0
    """May be paid in several payments."""
    first_part_minor: int | None = None
    """The least the first of them may be; None means no wish."""
    method: str | None = None
    customer_id: str | None = None
    mandate: str = ""
    """JSON of the terms under which later payments may be charged; "" means none are."""
    notification: str = ""
    """JSON of the notice that goes before a charge under a mandate."""
    link_id: str = ""
    """The payment link this order belongs to."""
    qr_code_id: str = ""
    """The QR code a payment was made with: the API does not show such an order."""


@dataclass(frozen=True, slots=True)
class Session:
    """One visit of one payer to the hosted checkout of one order."""

    id: str
    """Unguessable: whoever knows it may pay."""
    order_id: str
    phone_token: str
    """Names the QR code's phone page; reveals nothing about the session."""
    callback_url: str
    cancel_url: str
    description: str
    name: str
    email: str
    contact: str
    created_at: float
    expires_at: float
    qr_expires_at: float
    amount_minor: int
    """What this visit pays: all that is due, or the part that was chosen on a payment link's page."""
    customer_id: str | None = None
    is_mandate: int = 0
    """Success lets the merchant charge again."""
    is_saved: int = 0
    """Success keeps the card for the customer's next payment."""
    link_id: str = ""
    extensions: int = 0
    cancelled_at: float | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    id: str
    order_id: str
    session_id: str
    attempt_key: str
    """Given out with each form, so that a double click makes one payment."""
    amount_minor: int
    currency: str
    method: str
    stage: str
    """What the payer must do next while the status is created: otp, mock_page, phone or wait."""
    outcome: str
    """Decided when the method was chosen: "success" or an error_reason."""
    description: str
    email: str
    contact: str
    created_at: int
    times_out_at: float
    succeeds_at: float | None = None
    """A late success that is already on its way."""
    debit_at: float | None = None
    """Of a charge under a mandate: when the bank is asked."""
    captures_at: float | None = None
    """A late capture that is already on its way."""
    status: str = "created"
    is_captured: int = 0
    captured_at: float | None = None
    dispute_verdict: str = ""
    """How a dispute will end that its bank is about to open: won, lost, or "" for none."""
    dispute_span_s: int = 0
    settlement_id: str = ""
    qr_code_id: str = ""
    customer_id: str | None = None
    token_id: str | None = None
    is_mandate: int = 0
    is_saved: int = 0
    amount_refunded_minor: int = 0
    fee_minor: int | None = None
    tax_minor: int | None = None
    notes: str = "{}"
    bank: str | None = None
    wallet: str | None = None
    vpa: str | None = None
    upi_app: str | None = None
    phone_token: str | None = None
    card_id: str | None = None
    card_network: str | None = None
    card_last4: str | None = None
    card_type: str | None = None
    is_international: int = 0
    otp_sent_at: float = 0.0
    otp_resends: int = 0
    bank_ref: str | None = None
    """RRN, bank transaction id or authorisation code, once a bank said yes."""
    error_code: str | None = None
    error_reason: str | None = None
    error_source: str | None = None
    error_step: str | None = None
    error_description: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    id: str
    payment_id: str
    amount_minor: int
    currency: str
    notes: str
    receipt: str | None
    speed: str
    status: str
    bank_ref: str | None
    idempotency_key: str | None
    created_at: int
    ends_at: float = 0.0
    """While it is pending: when the bank answers."""
    is_failing: int = 0
    """The bank will refuse it."""
    processed_at: float | None = None
    settlement_id: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A webhook event, written in the transaction of the change it tells about."""

    id: str
    kind: str
    order_id: str
    """The order, or what else it is about: events of one thing are sent in turn."""
    body: str
    """The exact text that is signed and sent, on every try."""
    state: str
    """waiting, delivered, dropped (by a fault switch), unsent (no address, or webhooks disabled) or given_up."""
    created_at: float
    next_try_at: float
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to deliver one event."""

    id: str
    event_id: str
    at: float
    status: int | None
    """HTTP status; None when there was no answer."""
    detail: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Knob:
    """One number that was set by hand; see `knobs.py`."""

    id: str
    value: float


Row = (
    Order
    | Session
    | Payment
    | Refund
    | PaymentLink
    | QrCode
    | Customer
    | Token
    | Settlement
    | Dispute
    | Downtime
    | Event
    | Delivery
    | Switch
    | Knob
)
