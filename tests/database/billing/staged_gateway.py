"""A gateway whose truth the test sets at will: states no far end can be driven into on command, races included.

Signatures are the razorpay driver's own; only what would cross the network is staged.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from khata.kernel.ids import new_uuid
from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.port import (
    Order,
    OrderRequest,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Refused,
    Snapshot,
    Unavailable,
    Unknown,
)

KEY_SECRET, WEBHOOK_SECRET = "staged-key-secret", "staged-webhook-secret"
Truth = Snapshot | Refused | Unavailable


class StagedGateway(RazorpayGateway):
    """`payments` is what the gateway knows of each order; `trouble` and `order_trouble` are answered instead."""

    def __init__(self) -> None:
        super().__init__(
            RazorpaySettings(
                base_url="http://127.0.0.1:9",
                checkout_url="http://127.0.0.1:9",
                key_id="rzp_test_staged",
                key_secret=KEY_SECRET,
                webhook_secrets=(WEBHOOK_SECRET,),
                merchant_name="Khata",
                is_sandbox=True,
            )
        )
        self.orders: dict[str, Order] = {}
        self.payments: dict[str, dict[str, Payment]] = {}
        self.trouble: Refused | Unavailable | None = None
        self.order_trouble: Refused | Unavailable | Unknown | None = None
        self.change: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot
        self.read_count = 0

    def create_order(self, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
        if self.order_trouble is not None:
            return self.order_trouble
        known = next((order for order in self.orders.values() if order.receipt == request.receipt), None)
        order = known or Order(f"order_{uuid4().hex[:14]}", request.amount_minor, request.currency, request.receipt)
        self.orders[order.order_ref] = order
        return order

    def read(self, order_ref: str) -> Truth:
        self.read_count += 1
        if self.trouble is not None:
            return self.trouble
        order = self.orders[order_ref]
        payments = tuple(self.payments.get(order_ref, {}).values())
        captured = [payment for payment in payments if payment.status is PaymentStatus.CAPTURED]
        paid_minor = captured[0].amount_minor if captured else 0
        return self.change(Snapshot(order, bool(captured), paid_minor, payments, "test"))

    def stage(
        self, order_ref: str | None, status: PaymentStatus, *, payment_ref: str | None = None, **changes: Any
    ) -> Payment:
        """The payment is in this state from now on; a new one unless `payment_ref` names it."""
        assert order_ref is not None
        order = self.orders[order_ref]
        is_failed = status is PaymentStatus.FAILED
        payment = Payment(
            payment_ref=payment_ref or f"pay_{uuid4().hex[:14]}",
            order_ref=order_ref,
            status=status,
            amount_minor=order.amount_minor,
            currency=order.currency,
            method=PaymentMethod.UPI,
            method_detail="asha@okbank",
            bank_ref="" if is_failed else "412345678901",
            error_code="BAD_REQUEST_ERROR" if is_failed else "",
            error_reason="payment_declined" if is_failed else "",
            error_source="customer" if is_failed else "",
            error_step="payment_debit_request" if is_failed else "",
            error_description="Declined." if is_failed else "",
            created_at=datetime.now(UTC),
        )
        payment = replace(payment, **changes)
        self.payments.setdefault(order_ref, {})[payment.payment_ref] = payment
        return payment


def webhook(
    order_ref: str | None, kind: str = "payment.captured", event_ref: str | None = None
) -> tuple[bytes, dict[str, str]]:
    """A genuine event: raw body and headers."""
    payment = {"id": "pay_1", "order_id": order_ref}
    body = json.dumps({"entity": "event", "event": kind, "payload": {"payment": {"entity": payment}}}).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "x-razorpay-signature": signature,
        "x-razorpay-event-id": event_ref or f"evt_{new_uuid().hex}",
        "cookie": "sessionid=1",
    }
