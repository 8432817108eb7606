"""What a driver must do that has payment links and UPI QR codes: each is an order like any other, and can be closed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from khata.payments.port import (
    Order,
    OrderRequest,
    PaymentStatus,
    Refused,
    Snapshot,
)
from khata.payments.ways import PayBy

from .bench import TOTAL, Bench, new_order, new_request, paid_order, read, refund, refund_request

WAYS = (PayBy.LINK, PayBy.UPI_QR)


class WaysBench(Bench, Protocol):
    def pay_by_way(self, order: Order) -> dict[str, str]:
        """By the link or the code, whichever it is; what a browser brings back, {} where none comes back."""
        ...

    def try_to_pay(self, order: Order) -> bool:
        """Whether the far end's page still takes money for it."""
        ...

    def pay_again(self, payment_ref: str) -> None:
        """A second payment of the same link or code is captured."""
        ...


def requested(way: PayBy) -> OrderRequest:
    return new_request(pay_by=way, expires_at=datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=40))


def paid(bench: WaysBench, way: PayBy) -> Order:
    order = new_order(bench, requested(way))
    bench.pay_by_way(order)
    return order


@pytest.mark.parametrize("way", WAYS)
class WaysContract:
    def test_it_is_offered(self, bench: WaysBench, way: PayBy) -> None:
        assert way in bench.gateway.capabilities.ways

    def test_it_is_an_order_for_what_was_asked_with_an_address(self, bench: WaysBench, way: PayBy) -> None:
        request = requested(way)
        order = new_order(bench, request)
        assert (order.amount_minor, order.currency, order.receipt) == (TOTAL, "INR", request.receipt)
        assert order.pay_url.startswith("http")
        assert order.upi_uri.startswith("upi://pay?" if way is PayBy.UPI_QR else "")
        assert read(bench, order) == Snapshot(order, False, 0, (), bench.gateway.mode)

    def test_the_same_receipt_gives_the_same_one(self, bench: WaysBench, way: PayBy) -> None:
        request = requested(way)
        order = new_order(bench, request)
        assert new_order(bench, request) == order
        assert isinstance(bench.gateway.create_order(replace(request, amount_minor=100)), Refused)

    def test_paid_it_reads_as_captured_in_full_under_its_own_reference(self, bench: WaysBench, way: PayBy) -> None:
        order = paid(bench, way)
        snapshot = read(bench, order)
        (payment,) = snapshot.payments
        assert (snapshot.is_paid, snapshot.paid_minor) == (True, TOTAL)
        assert (payment.status, payment.order_ref) == (PaymentStatus.CAPTURED, order.order_ref)
        assert (payment.amount_minor, payment.currency) == (TOTAL, "INR")

    def test_a_second_payment_is_seen_beside_the_first(self, bench: WaysBench, way: PayBy) -> None:
        order = paid(bench, way)
        (payment,) = read(bench, order).payments
        bench.pay_again(payment.payment_ref)
        assert [known.order_ref for known in read(bench, order).payments] == [order.order_ref] * 2

    def test_a_list_of_payments_names_it_and_no_other(self, bench: WaysBench, way: PayBy) -> None:
        order, plain = paid(bench, way), paid_order(bench)
        now = datetime.now(UTC)
        listed = bench.gateway.list_payments(
            created_from=now - timedelta(hours=1), created_until=now + timedelta(hours=1)
        )
        assert isinstance(listed, tuple), listed
        orders = {payment.payment_ref: payment.order_ref for payment in listed}
        (payment,) = read(bench, order).payments
        assert (orders[payment.payment_ref], orders[plain[1].payment_ref]) == (order.order_ref, plain[0].order_ref)

    def test_closed_it_takes_no_money_and_is_not_closed_twice(self, bench: WaysBench, way: PayBy) -> None:
        order = new_order(bench, requested(way))
        assert bench.try_to_pay(order)
        assert bench.gateway.close_order(order.order_ref) is None
        assert not bench.try_to_pay(order)
        assert isinstance(bench.gateway.close_order(order.order_ref), Refused)
        assert read(bench, order) == Snapshot(order, False, 0, (), bench.gateway.mode)

    def test_what_is_paid_cannot_be_closed(self, bench: WaysBench, way: PayBy) -> None:
        assert isinstance(bench.gateway.close_order(paid(bench, way).order_ref), Refused)

    def test_its_refunds_are_read_with_it(self, bench: WaysBench, way: PayBy) -> None:
        order = paid(bench, way)
        (payment,) = read(bench, order).payments
        refunded = refund(bench, refund_request(payment.payment_ref, 50_000))
        assert [known.refund_ref for known in read(bench, order).refunds] == [refunded.refund_ref]

    def test_a_webhook_names_it_and_none_names_another(self, bench: WaysBench, way: PayBy) -> None:
        order = paid(bench, way)
        hints = [bench.gateway.read_webhook(body=b, headers=h) for b, h in bench.webhooks(order.order_ref)]
        assert order.order_ref in {hint.order_ref for hint in hints}
        assert {hint.order_ref for hint in hints} <= {order.order_ref, None}

    def test_what_a_browser_brings_back_is_good_for_itself_only(self, bench: WaysBench, way: PayBy) -> None:
        order, other = new_order(bench, requested(way)), new_order(bench, requested(way))
        if not (brought := bench.pay_by_way(order)):
            assert way is PayBy.UPI_QR
            return
        assert bench.gateway.read_return(order_ref=order.order_ref, fields=brought).outcome == "paid"
        assert bench.gateway.read_return(order_ref=other.order_ref, fields=brought).outcome == "unknown"
        forged = brought | {"razorpay_payment_link_status": "created"}
        assert bench.gateway.read_return(order_ref=order.order_ref, fields=forged).outcome == "unknown"
