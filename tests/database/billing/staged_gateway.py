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
from khata.payments.reversals import Dispute, DisputeStatus, Refund, RefundRequest, RefundStatus, Reversal
from khata.payments.ways import PayBy

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
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.refund_status = RefundStatus.PROCESSED
        self.refund_trouble: Refused | Unavailable | Unknown | None = None
        self.is_refund_answer_lost = False
        self.trouble: Refused | Unavailable | None = None
        self.order_trouble: Refused | Unavailable | Unknown | None = None
        self.change: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot
        self.read_count = 0
        self.closed: list[str] = []
        self.close_trouble: Refused | Unavailable | Unknown | None = None
        self.list_trouble: Refused | Unavailable | None = None

    def create_order(self, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
        if self.order_trouble is not None:
            return self.order_trouble
        known = next((order for order in self.orders.values() if order.receipt == request.receipt), None)
        order = known or _order(request)
        self.orders[order.order_ref] = order
        return order

    def close_order(self, order_ref: str) -> Refused | Unavailable | Unknown | None:
        self.closed.append(order_ref)
        return self.close_trouble

    def read(self, order_ref: str) -> Truth:
        self.read_count += 1
        if self.trouble is not None:
            return self.trouble
        order = self.orders[order_ref]
        payments = tuple(self.payments.get(order_ref, {}).values())
        refs = {payment.payment_ref for payment in payments}
        refunds = tuple(refund for refund in self.refunds.values() if refund.payment_ref in refs)
        disputes = tuple(dispute for dispute in self.disputes.values() if dispute.payment_ref in refs)
        given_back = {refund.payment_ref for refund in refunds}
        paid = [p for p in payments if p.status is PaymentStatus.CAPTURED or p.payment_ref in given_back]
        paid_minor = paid[0].amount_minor if paid else 0
        return self.change(
            Snapshot(order, bool(paid), paid_minor, payments, "test", refunds=refunds, disputes=disputes)
        )

    def refund(self, request: RefundRequest) -> Refund | Refused | Unavailable | Unknown:
        found = next((refund for refund in self.refunds.values() if refund.receipt == request.receipt), None)
        if self.refund_trouble is not None:
            return self.refund_trouble
        made = found or self.stage_refund(
            request.payment_ref, request.amount_minor, receipt=request.receipt, status=self.refund_status
        )
        return Unknown("the answer was lost") if self.is_refund_answer_lost else made

    def list_reversals(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Reversal, ...] | Refused | Unavailable:
        refunds = [(one.refund_ref, one) for one in self.refunds.values()]
        disputes = [(one.dispute_ref, one) for one in self.disputes.values()]
        return self.list_trouble or tuple(
            Reversal(ref, one.payment_ref)
            for ref, one in (*refunds, *disputes)
            if created_from <= one.created_at < created_until
        )

    def stage_refund(self, payment_ref: str, amount_minor: int, **changes: Any) -> Refund:
        """The gateway has this refund from now on; without a receipt it was made past us."""
        refund = Refund(
            refund_ref=f"rfnd_{uuid4().hex[:14]}",
            payment_ref=payment_ref,
            amount_minor=amount_minor,
            currency="INR",
            status=RefundStatus.PROCESSED,
            receipt="",
            bank_ref="",
            created_at=datetime.now(UTC),
        )
        return self.restage(replace(refund, **changes))

    def restage(self, refund: Refund, **changes: Any) -> Refund:
        """The refund is like this from now on, and its payment called refunded where nothing of it is left."""
        refund = replace(refund, **changes)
        self.refunds[refund.refund_ref] = refund
        of_payment = [r for r in self.refunds.values() if r.payment_ref == refund.payment_ref]
        gone_minor = sum(r.amount_minor for r in of_payment if r.status is not RefundStatus.FAILED)
        for payments in self.payments.values():
            if (payment := payments.get(refund.payment_ref)) is not None:
                is_gone = gone_minor == payment.amount_minor
                status = PaymentStatus.REFUNDED if is_gone else PaymentStatus.CAPTURED
                payments[payment.payment_ref] = replace(payment, status=status)
        return refund

    def stage_dispute(self, payment_ref: str, amount_minor: int, status: DisputeStatus) -> Dispute:
        """The payment's one dispute is in this state from now on."""
        dispute = Dispute(
            dispute_ref=f"disp_{payment_ref.removeprefix('pay_')}",
            payment_ref=payment_ref,
            amount_minor=amount_minor,
            currency="INR",
            status=status,
            reason_code="goods_not_received",
            respond_by=None,
            created_at=datetime.now(UTC),
        )
        self.disputes[dispute.dispute_ref] = dispute
        return dispute

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


def _order(request: OrderRequest) -> Order:
    """With the addresses of its way to be paid."""
    prefix = {PayBy.CHECKOUT: "order", PayBy.LINK: "plink", PayBy.UPI_QR: "qr"}[request.pay_by]
    name = uuid4().hex[:14]
    return Order(
        order_ref=f"{prefix}_{name}",
        amount_minor=request.amount_minor,
        currency=request.currency,
        receipt=request.receipt,
        pay_url="" if request.pay_by is PayBy.CHECKOUT else f"http://127.0.0.1:9/{prefix}/{name}",
        upi_uri=f"upi://pay?pa=khata@bank&tr={name}" if request.pay_by is PayBy.UPI_QR else "",
    )


def webhook(
    order_ref: str | None, kind: str = "payment.captured", event_ref: str | None = None
) -> tuple[bytes, dict[str, str]]:
    """A genuine event about an order (None for one that names none): raw body and headers."""
    payment = {"id": "pay_1", "order_id": order_ref} if order_ref else {}
    return _signed(kind, {"payment": {"entity": payment}}, event_ref)


def refund_webhook(payment_ref: str, kind: str = "refund.processed") -> tuple[bytes, dict[str, str]]:
    """A genuine event that names a payment and no order."""
    return _signed(kind, {"refund": {"entity": {"id": "rfnd_1", "payment_id": payment_ref}}}, None)


def _signed(kind: str, payload: dict[str, Any], event_ref: str | None) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"entity": "event", "event": kind, "payload": payload}).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "x-razorpay-signature": signature,
        "x-razorpay-event-id": event_ref or f"evt_{new_uuid().hex}",
        "cookie": "sessionid=1",
    }
