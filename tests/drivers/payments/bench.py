"""The other side of the table: whoever plays the payer, the bank and the dashboard at a driver's far end."""

from dataclasses import replace
from typing import Any, Protocol
from uuid import uuid4

from khata.payments.port import (
    Gateway,
    Order,
    OrderRequest,
    Payer,
    Payment,
    PaymentMethod,
    Snapshot,
    Start,
)
from khata.payments.reversals import Refund, RefundRequest

RETURN_URL, CANCEL_URL = "http://localhost:9/return/top_1/", "http://localhost:9/cancel/top_1/"
TOTAL = 118_000

Webhook = tuple[bytes, dict[str, str]]
"""Raw body and lower-case headers."""


class RefundBench(Protocol):
    @property
    def gateway(self) -> Gateway: ...

    def captured_payment(self, amount_minor: int) -> str:
        """A payment of this much, captured at the far end; its reference."""
        ...

    def refunded_minor(self, payment_ref: str) -> int:
        """What was given back of it, as the far end itself says, not our driver."""
        ...


class WebhookBench(Protocol):
    @property
    def gateway(self) -> Gateway: ...

    def webhooks_of_payment(self) -> list[Webhook]:
        """Everything sent about a payment just captured."""
        ...


class Bench(RefundBench, WebhookBench, Protocol):
    """A configured driver with a far end that plays all of it."""

    plain_method: PaymentMethod
    """What `pay` pays by."""
    card_detail: str
    """The card `pay_by_card` pays with, in our words."""
    is_return_signed: bool

    def pay(self, start: Start) -> dict[str, str]:
        """The fields the browser brings back to `return_url`."""
        ...

    def pay_by_card(self, start: Start) -> None: ...

    def decline(self, start: Start) -> None: ...

    def leave_pending(self, start: Start) -> None: ...

    def dispute(self, payment_ref: str) -> str:
        """The payer's bank asks for its money back; the dispute's reference."""
        ...

    def lose_dispute(self, dispute_ref: str) -> None: ...

    def webhooks(self, order_ref: str) -> list[Webhook]:
        """What was sent about this order."""
        ...


def new_request(amount_minor: int = TOTAL, **changes: Any) -> OrderRequest:
    request = OrderRequest(
        receipt=f"top_{uuid4().hex[:26]}",
        amount_minor=amount_minor,
        currency="INR",
        description="Credits",
        return_url=RETURN_URL,
        cancel_url=CANCEL_URL,
        notes={"Amount": "1000.00", "CGST 9 %": "90.00"},
    )
    return replace(request, **changes)


def new_order(bench: Bench, request: OrderRequest | None = None) -> Order:
    order = bench.gateway.create_order(request or new_request())
    assert isinstance(order, Order), order
    return order


def send_off(bench: Bench, order: Order) -> Start:
    payer = Payer("ACME Private Limited", "asha@example.com", "+919812345678")
    request = replace(new_request(order.amount_minor), receipt=order.receipt)
    start = bench.gateway.start(order_ref=order.order_ref, request=request, payer=payer)
    assert isinstance(start, Start), start
    return start


def read(bench: Bench, order: Order) -> Snapshot:
    snapshot = bench.gateway.read(order.order_ref)
    assert isinstance(snapshot, Snapshot), snapshot
    return snapshot


def paid_order(bench: Bench) -> tuple[Order, Payment]:
    order = new_order(bench)
    bench.pay(send_off(bench, order))
    (payment,) = read(bench, order).payments
    return order, payment


def refund_request(payment_ref: str, amount_minor: int) -> RefundRequest:
    return RefundRequest(f"rfnd_{uuid4().hex[:26]}", payment_ref, amount_minor, "INR", {"reason": "asked for"})


def refund(bench: RefundBench, request: RefundRequest) -> Refund:
    refunded = bench.gateway.refund(request)
    assert isinstance(refunded, Refund), refunded
    return refunded
