"""What Khata asks of a payment gateway, in Khata's words. A driver only translates.

Amounts are integer minor units (paise). `_ref` is the gateway's id, `_id` ours. Browser returns and webhooks are
triggers: the truth is always `read`. Every call that reaches the network answers one of `Accepted`-like results,
`Refused`, `Unavailable` (certainly not done) or `Unknown` (perhaps done: ask again, never repeat blindly).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from khata.payments.reversals import Dispute, Refund, RefundRequest, Reversal
from khata.payments.saved_methods import ChargeRequest, Customer, CustomerRequest, MandateRequest, SavedMethod
from khata.payments.ways import PayBy

Mode = Literal["test", "live"]


class PaymentStatus(StrEnum):
    CREATED = "created"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    FAILED = "failed"


class PaymentMethod(StrEnum):
    UPI = "upi"
    CARD = "card"
    NETBANKING = "netbanking"
    WALLET = "wallet"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What is to be paid. Every try for one `receipt` says exactly the same, and all of them make one order.

    Some gateways want the texts and addresses with the order, others when the payer is sent off: both get them from
    here.
    """

    receipt: str
    """Our top-up's public id (≤ 40 characters)."""
    amount_minor: int
    currency: str
    description: str
    return_url: str
    """Where the payer's browser goes once it is done, by GET or POST; it names the top-up."""
    cancel_url: str
    notes: Mapping[str, str] = field(default_factory=dict)
    mandate: MandateRequest | None = None
    saved: SavedMethod | None = None
    """Set where `charge_saved` will pay this order, and no payer."""
    pay_by: PayBy = PayBy.CHECKOUT
    expires_at: datetime | None = None
    """Until when a link or a code may be paid; always set with these."""


@dataclass(frozen=True, slots=True)
class Order:
    """A payment link or a QR code is the order of what is paid by it."""

    order_ref: str
    amount_minor: int
    currency: str
    receipt: str
    pay_url: str = ""
    """A link's address; of a QR code the address of the gateway's own image. Only with these."""
    upi_uri: str = ""
    """What a QR code holds (`upi://pay?…`), where the gateway tells."""


@dataclass(frozen=True, slots=True)
class Payer:
    name: str
    email: str
    contact: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser to `url` with GET."""

    url: str


@dataclass(frozen=True, slots=True)
class AutoPostForm:
    """Send the browser to `action` with POST and these fields; a page with a button serves where scripts are off."""

    action: str
    fields: Mapping[str, str]


Start = Redirect | AutoPostForm


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment attempt as the gateway reports it now."""

    payment_ref: str
    order_ref: str | None
    status: PaymentStatus
    amount_minor: int
    currency: str
    method: PaymentMethod
    method_detail: str
    """For people: "Visa ending 1007", "HDFC Bank", "asha@okbank"; never a full card number."""
    bank_ref: str
    """RRN, bank transaction id or authorisation code; "" until there is one."""
    error_code: str
    error_reason: str
    error_source: str
    error_step: str
    error_description: str
    created_at: datetime
    token_ref: str = ""
    """The way to charge its payer again, where an order with a mandate left one."""
    refunded_minor: int = 0
    """How much of it the gateway says went back. Refunds on their way may or may not be in it yet."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An order with all its payments, their refunds and disputes, read together from the gateway's API."""

    order: Order
    is_paid: bool
    paid_minor: int
    payments: tuple[Payment, ...]
    mode: Mode
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True, slots=True)
class SettledItem:
    """One line of what the gateway paid out: `kind` is "payment", "refund" or "adjustment"; `ref` is its id there."""

    kind: str
    ref: str
    order_ref: str | None
    amount_minor: int
    fee_minor: int
    tax_minor: int
    settlement_ref: str
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnHint:
    """What a browser brought back. `is_authentic` says whether its signature fits; even then it is only a trigger."""

    outcome: Literal["paid", "failed", "unknown"]
    is_authentic: bool
    payment_ref: str | None
    error_code: str
    error_reason: str
    error_description: str


@dataclass(frozen=True, slots=True)
class WebhookHint:
    """A verified event, reduced to what says where to look. `order_ref` is None where the event names no order."""

    event_ref: str
    kind: str
    order_ref: str | None
    payment_ref: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway said no; nothing was done."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Certainly not done: the gateway could not be reached or said to come back later."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps done: the answer was lost or cannot be read."""

    detail: str


class ForgedWebhook(Exception):
    """The webhook's signature does not fit its raw body, or it is malformed."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a gateway can do, as data."""

    currencies: frozenset[str]
    methods: tuple[str, ...]
    """Labels in the order the hosted page shows them."""
    upi_maximum_minor: int
    ways: frozenset[PayBy] = frozenset({PayBy.CHECKOUT})
    has_refunds: bool = True
    has_settlements: bool = False
    """Whether `list_settled` tells what was paid out."""
    has_saved_methods: bool = False
    """Whether a payer's method can be charged again without the payer (mandates, stored cards)."""
    notice_hours: int = 0
    """How long such a charge takes to arrive at most, since the payer's bank tells the payer before it."""
    unattended_maximum_minor: int = 0
    """The most one such charge may take; 0 where there are none."""


class Gateway(Protocol):
    """One configured gateway account. Safe to share between threads. Raises nothing but programming errors."""

    code: str
    """Names the driver in our rows: "razorpay"."""
    display_name: str
    mode: Mode
    checkout_origin: str
    """Scheme, host and port the browser is sent to (for the Content-Security-Policy's form-action)."""
    is_sandbox: bool
    capabilities: Capabilities

    def create_order(self, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
        """Refused where the request's way to pay is not among `ways`."""
        ...

    def close_order(self, order_ref: str) -> Refused | Unavailable | Unknown | None:
        """Ends a link or a code, so that nobody pays it any more; None once it is ended.

        Refused: it is over already, or no such thing: an order paid at the checkout cannot be closed.
        """
        ...

    def start(self, *, order_ref: str, request: OrderRequest, payer: Payer) -> Start | Refused | Unavailable:
        """How to send the payer off to this order, which was made for the checkout by that request. Changes nothing."""
        ...

    def read(self, order_ref: str) -> Snapshot | Refused | Unavailable: ...

    def register_customer(self, request: CustomerRequest) -> Customer | Refused | Unavailable | Unknown:
        """Whom a mandate will belong to. Refused where `has_saved_methods` is false, as are the next two."""
        ...

    def charge_saved(self, request: ChargeRequest) -> Payment | Refused | Unavailable | Unknown:
        """One payment for one order: where the order has been charged before, that payment is the answer.

        The payment may stay `created` for the time of the notice. Refused: the order was not charged, or the bank said
        no at once, which a reading then shows.
        """
        ...

    def forget_saved(self, saved: SavedMethod) -> Refused | Unavailable | Unknown | None:
        """Ends the mandate; None once it is over."""
        ...

    def refund(self, request: RefundRequest) -> Refund | Refused | Unavailable | Unknown: ...

    def list_payments(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Payment, ...] | Refused | Unavailable:
        """Every payment created in that time (end excluded), paged through to its end; oldest first."""
        ...

    def list_reversals(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Reversal, ...] | Refused | Unavailable:
        """Every refund and dispute begun in that time, by whomever and however old its payment."""
        ...

    def list_settled(self, *, year: int, month: int, day: int) -> tuple[SettledItem, ...] | Refused | Unavailable:
        """What was settled on that day (gateway's time zone). Refused where `has_settlements` is false."""
        ...

    def read_return(self, *, order_ref: str, fields: Mapping[str, str]) -> ReturnHint:
        """No network. Uses the stored `order_ref`, never a posted one."""
        ...

    def read_webhook(self, *, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        """No network; header names arrive in lower case. Raises ForgedWebhook."""
        ...
