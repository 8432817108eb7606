"""What every payment driver must do, whatever gateway it speaks to. A driver's tests subclass `GatewayContract`.

`Bench` is the other side of the table: it plays the payer and the bank at that driver's far end.
"""

import json
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from khata.payments.port import (
    AutoPostForm,
    ForgedWebhook,
    Gateway,
    Order,
    OrderRequest,
    Payer,
    PaymentMethod,
    PaymentStatus,
    Refused,
    Snapshot,
    Start,
)

RETURN_URL, CANCEL_URL = "http://localhost:9/return/top_1/", "http://localhost:9/cancel/top_1/"


class Bench(Protocol):
    """A configured driver with its far end."""

    @property
    def gateway(self) -> Gateway: ...

    def pay(self, start: Start) -> dict[str, str]:
        """Pays by netbanking; the fields the browser brings back to `return_url`."""
        ...

    def pay_by_card(self, start: Start) -> None: ...

    def decline(self, start: Start) -> None: ...

    def leave_pending(self, start: Start) -> None: ...

    def webhooks(self, order_ref: str) -> list[tuple[bytes, dict[str, str]]]:
        """Bodies and lower-case headers sent about this order."""
        ...


def new_request(amount_minor: int = 118_000) -> OrderRequest:
    return OrderRequest(f"top_{uuid4().hex[:26]}", amount_minor, "INR", {"Amount": "1000.00"})


class GatewayContract:
    def order(self, bench: Bench, request: OrderRequest | None = None) -> Order:
        order = bench.gateway.create_order(request or new_request())
        assert isinstance(order, Order), order
        return order

    def start(self, bench: Bench, order: Order) -> Start:
        payer = Payer("ACME Private Limited", "asha@example.com", "+919812345678")
        return bench.gateway.start(
            order=order, description="Credits", payer=payer, return_url=RETURN_URL, cancel_url=CANCEL_URL
        )

    def read(self, bench: Bench, order: Order) -> Snapshot:
        snapshot = bench.gateway.read(order.order_ref)
        assert isinstance(snapshot, Snapshot), snapshot
        return snapshot

    def test_it_says_what_it_is(self, bench: Bench) -> None:
        assert bench.gateway.code == bench.gateway.code.lower()
        assert bench.gateway.mode == "test"
        assert bench.gateway.is_sandbox
        assert "INR" in bench.gateway.capabilities.currencies

    def test_a_new_order_is_what_was_asked_for(self, bench: Bench) -> None:
        request = new_request()
        order = self.order(bench, request)
        assert (order.amount_minor, order.currency, order.receipt) == (118_000, "INR", request.receipt)

    def test_the_same_receipt_gives_the_same_order(self, bench: Bench) -> None:
        request = new_request()
        assert self.order(bench, request) == self.order(bench, request)

    def test_the_same_receipt_for_another_amount_is_refused(self, bench: Bench) -> None:
        request = new_request()
        self.order(bench, request)
        again = OrderRequest(request.receipt, 1, "INR")
        assert isinstance(bench.gateway.create_order(again), Refused)

    def test_an_amount_the_gateway_does_not_take_is_refused(self, bench: Bench) -> None:
        assert isinstance(bench.gateway.create_order(new_request(0)), Refused)

    def test_an_order_nobody_made_is_refused(self, bench: Bench) -> None:
        assert isinstance(bench.gateway.read("order_00000000000000"), Refused)

    def test_a_new_order_is_unpaid(self, bench: Bench) -> None:
        order = self.order(bench)
        assert self.read(bench, order) == Snapshot(order, False, 0, (), bench.gateway.mode)

    def test_the_payer_is_sent_to_the_announced_origin(self, bench: Bench) -> None:
        start = self.start(bench, self.order(bench))
        parts = urlsplit(start.action if isinstance(start, AutoPostForm) else start.url)
        assert f"{parts.scheme}://{parts.netloc}" == bench.gateway.checkout_origin

    def test_a_paid_order_reads_as_captured_in_full(self, bench: Bench) -> None:
        order = self.order(bench)
        bench.pay(self.start(bench, order))
        snapshot = self.read(bench, order)
        (payment,) = snapshot.payments
        assert (snapshot.is_paid, snapshot.paid_minor) == (True, 118_000)
        assert (payment.status, payment.method) == (PaymentStatus.CAPTURED, PaymentMethod.NETBANKING)
        assert (payment.order_ref, payment.amount_minor, payment.currency) == (order.order_ref, 118_000, "INR")
        assert payment.bank_ref
        assert payment.method_detail

    def test_a_card_is_told_by_network_and_last_digits_only(self, bench: Bench) -> None:
        order = self.order(bench)
        bench.pay_by_card(self.start(bench, order))
        (payment,) = self.read(bench, order).payments
        assert (payment.method, payment.method_detail) == (PaymentMethod.CARD, "Visa ending 1007")

    def test_a_declined_payment_reads_as_failed_with_its_reason(self, bench: Bench) -> None:
        order = self.order(bench)
        bench.decline(self.start(bench, order))
        snapshot = self.read(bench, order)
        (payment,) = snapshot.payments
        assert (snapshot.is_paid, snapshot.paid_minor, payment.status) == (False, 0, PaymentStatus.FAILED)
        assert payment.error_code
        assert payment.error_reason
        assert payment.error_description

    def test_a_silent_bank_reads_as_created(self, bench: Bench) -> None:
        order = self.order(bench)
        bench.leave_pending(self.start(bench, order))
        (payment,) = self.read(bench, order).payments
        assert payment.status is PaymentStatus.CREATED

    def test_another_method_after_a_declined_one_reads_as_both(self, bench: Bench) -> None:
        order = self.order(bench)
        start = self.start(bench, order)
        bench.decline(start)
        bench.pay(start)
        statuses = {payment.status for payment in self.read(bench, order).payments}
        assert statuses == {PaymentStatus.FAILED, PaymentStatus.CAPTURED}

    def test_a_genuine_return_is_authentic_for_its_own_order_only(self, bench: Bench) -> None:
        order, other = self.order(bench), self.order(bench)
        fields = bench.pay(self.start(bench, order))
        hint = bench.gateway.read_return(order_ref=order.order_ref, fields=fields)
        assert (hint.outcome, hint.is_authentic) == ("paid", True)
        assert not bench.gateway.read_return(order_ref=other.order_ref, fields=fields).is_authentic

    def test_genuine_webhooks_name_the_order_and_have_ids_of_their_own(self, bench: Bench) -> None:
        order = self.order(bench)
        bench.pay(self.start(bench, order))
        hints = [bench.gateway.read_webhook(body=b, headers=h) for b, h in bench.webhooks(order.order_ref)]
        assert hints
        assert {hint.order_ref for hint in hints} == {order.order_ref}
        assert len({hint.event_ref for hint in hints}) == len(hints)

    def test_an_altered_webhook_is_forged(self, bench: Bench) -> None:
        order = self.order(bench)
        bench.pay(self.start(bench, order))
        body, headers = bench.webhooks(order.order_ref)[0]
        altered = json.dumps(json.loads(body) | {"event": "order.paid "}).encode()
        with pytest.raises(ForgedWebhook):
            bench.gateway.read_webhook(body=altered, headers=headers)
