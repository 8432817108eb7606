"""What every payment driver must do, whatever gateway it speaks to. A driver's tests subclass these contracts.

A far end that cannot play everything takes the contracts whose bench it can be. What a driver must make of a gateway in
trouble stands in fault_contract.py.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from khata.payments.port import (
    AutoPostForm,
    ForgedWebhook,
    PaymentMethod,
    PaymentStatus,
    Refused,
    Snapshot,
    Unavailable,
)
from khata.payments.reversals import DisputeStatus, RefundStatus, Reversal
from khata.payments.ways import PayBy

from .bench import (
    TOTAL,
    Bench,
    RefundBench,
    WebhookBench,
    new_order,
    new_request,
    paid_order,
    read,
    refund,
    refund_request,
    send_off,
)


class OrderContract:
    def test_it_says_what_it_is(self, bench: Bench) -> None:
        assert bench.gateway.code == bench.gateway.code.lower()
        assert bench.gateway.mode == "test"
        assert bench.gateway.is_sandbox
        assert "INR" in bench.gateway.capabilities.currencies

    def test_a_new_order_is_what_was_asked_for(self, bench: Bench) -> None:
        request = new_request()
        order = new_order(bench, request)
        assert (order.amount_minor, order.currency, order.receipt) == (TOTAL, "INR", request.receipt)

    def test_the_same_receipt_gives_the_same_order(self, bench: Bench) -> None:
        request = new_request()
        assert new_order(bench, request) == new_order(bench, request)

    def test_the_same_receipt_for_another_amount_is_refused(self, bench: Bench) -> None:
        request = new_request()
        new_order(bench, request)
        assert isinstance(bench.gateway.create_order(replace(request, amount_minor=100)), Refused)

    def test_an_amount_the_gateway_does_not_take_is_refused(self, bench: Bench) -> None:
        assert isinstance(bench.gateway.create_order(new_request(0)), Refused)

    def test_a_way_to_pay_that_is_not_offered_is_refused(self, bench: Bench) -> None:
        later = datetime.now(UTC) + timedelta(minutes=30)
        for way in set(PayBy) - bench.gateway.capabilities.ways:
            assert isinstance(bench.gateway.create_order(new_request(pay_by=way, expires_at=later)), Refused), way

    def test_an_order_paid_at_the_checkout_cannot_be_closed(self, bench: Bench) -> None:
        assert isinstance(bench.gateway.close_order(new_order(bench).order_ref), Refused)

    def test_an_order_nobody_made_is_refused(self, bench: Bench) -> None:
        assert isinstance(bench.gateway.read("order_00000000000000"), Refused)

    def test_a_new_order_is_unpaid(self, bench: Bench) -> None:
        order = new_order(bench)
        assert read(bench, order) == Snapshot(order, False, 0, (), bench.gateway.mode)

    def test_the_payer_is_sent_to_the_announced_origin(self, bench: Bench) -> None:
        start = send_off(bench, new_order(bench))
        parts = urlsplit(start.action if isinstance(start, AutoPostForm) else start.url)
        assert f"{parts.scheme}://{parts.netloc}" == bench.gateway.checkout_origin


class PaymentContract:
    def test_a_paid_order_reads_as_captured_in_full(self, bench: Bench) -> None:
        order = new_order(bench)
        bench.pay(send_off(bench, order))
        snapshot = read(bench, order)
        (payment,) = snapshot.payments
        assert (snapshot.is_paid, snapshot.paid_minor) == (True, TOTAL)
        assert (payment.status, payment.method) == (PaymentStatus.CAPTURED, bench.plain_method)
        assert (payment.order_ref, payment.amount_minor, payment.currency) == (order.order_ref, TOTAL, "INR")
        assert payment.bank_ref
        assert payment.method_detail

    def test_a_card_is_told_by_network_and_last_digits_only(self, bench: Bench) -> None:
        order = new_order(bench)
        bench.pay_by_card(send_off(bench, order))
        (payment,) = read(bench, order).payments
        assert (payment.method, payment.method_detail) == (PaymentMethod.CARD, bench.card_detail)

    def test_a_declined_payment_reads_as_failed_with_its_reason(self, bench: Bench) -> None:
        order = new_order(bench)
        bench.decline(send_off(bench, order))
        snapshot = read(bench, order)
        (payment,) = snapshot.payments
        assert (snapshot.is_paid, snapshot.paid_minor, payment.status) == (False, 0, PaymentStatus.FAILED)
        assert payment.error_code
        assert payment.error_reason
        assert payment.error_description

    def test_a_silent_bank_reads_as_created(self, bench: Bench) -> None:
        order = new_order(bench)
        bench.leave_pending(send_off(bench, order))
        snapshot = read(bench, order)
        (payment,) = snapshot.payments
        assert (snapshot.is_paid, payment.status) == (False, PaymentStatus.CREATED)

    def test_another_method_after_a_declined_one_reads_as_both(self, bench: Bench) -> None:
        order = new_order(bench)
        start = send_off(bench, order)
        bench.decline(start)
        bench.pay(start)
        statuses = {payment.status for payment in read(bench, order).payments}
        assert statuses == {PaymentStatus.FAILED, PaymentStatus.CAPTURED}

    def test_a_list_of_payments_has_each_with_its_order_oldest_first(self, bench: Bench) -> None:
        made = [paid_order(bench) for _ in range(2)]
        now = datetime.now(UTC)
        listed = bench.gateway.list_payments(
            created_from=now - timedelta(hours=1), created_until=now + timedelta(hours=1)
        )
        assert isinstance(listed, tuple), listed
        orders = {payment.payment_ref: payment.order_ref for payment in listed}
        assert {payment.payment_ref: order.order_ref for order, payment in made}.items() <= orders.items()
        assert [payment.created_at for payment in listed] == sorted(payment.created_at for payment in listed)

    def test_a_list_of_payments_keeps_to_its_span(self, bench: Bench) -> None:
        paid_order(bench)
        until = datetime.now(UTC) - timedelta(hours=1)
        assert bench.gateway.list_payments(created_from=until - timedelta(hours=1), created_until=until) == ()

    def test_what_was_settled_is_told_exactly_where_it_is_promised(self, bench: Bench) -> None:
        answer = bench.gateway.list_settled(year=2026, month=1, day=31)
        assert isinstance(answer, tuple if bench.gateway.capabilities.has_settlements else Refused)


class ReturnContract:
    def test_a_return_after_paying_says_paid_for_its_own_order_only(self, bench: Bench) -> None:
        order, other = new_order(bench), new_order(bench)
        fields = bench.pay(send_off(bench, order))
        hint = bench.gateway.read_return(order_ref=order.order_ref, fields=fields)
        assert (hint.outcome, hint.is_authentic) == ("paid", bench.is_return_signed)
        stolen = bench.gateway.read_return(order_ref=other.order_ref, fields=fields)
        assert (stolen.outcome, stolen.is_authentic) == ("unknown", False)

    def test_an_empty_return_says_nothing(self, bench: Bench) -> None:
        assert bench.gateway.read_return(order_ref=new_order(bench).order_ref, fields={}).outcome == "unknown"


class RefundContract:
    """For every far end with payments that can be given back."""

    def test_a_refund_is_what_was_asked_for(self, bench: RefundBench) -> None:
        payment_ref = bench.captured_payment(TOTAL)
        request = refund_request(payment_ref, 50_000)
        refunded = refund(bench, request)
        assert (refunded.payment_ref, refunded.amount_minor, refunded.currency) == (payment_ref, 50_000, "INR")
        assert refunded.receipt == request.receipt
        assert refunded.status in (RefundStatus.PENDING, RefundStatus.PROCESSED)
        assert bench.refunded_minor(payment_ref) == 50_000

    def test_a_refund_asked_for_twice_is_made_once(self, bench: RefundBench) -> None:
        payment_ref = bench.captured_payment(TOTAL)
        request = refund_request(payment_ref, 50_000)
        assert refund(bench, request).refund_ref == refund(bench, request).refund_ref
        assert bench.refunded_minor(payment_ref) == 50_000

    def test_two_receipts_are_two_refunds(self, bench: RefundBench) -> None:
        payment_ref = bench.captured_payment(TOTAL)
        refs = {refund(bench, refund_request(payment_ref, 50_000)).refund_ref for _ in range(2)}
        assert len(refs) == 2
        assert bench.refunded_minor(payment_ref) == 100_000

    def test_the_same_refund_receipt_for_another_amount_is_refused(self, bench: RefundBench) -> None:
        payment_ref = bench.captured_payment(TOTAL)
        request = refund_request(payment_ref, 50_000)
        refund(bench, request)
        assert isinstance(bench.gateway.refund(replace(request, amount_minor=100)), Refused)
        assert bench.refunded_minor(payment_ref) == 50_000

    def test_a_payment_nobody_made_is_certainly_not_refunded(self, bench: RefundBench) -> None:
        payment_ref = bench.captured_payment(TOTAL)
        unknown = payment_ref[:-8] + "00000000"
        answer = bench.gateway.refund(refund_request(unknown, 100))
        assert isinstance(answer, Refused | Unavailable), answer


class GivingBackContract:
    def test_more_than_was_paid_is_not_refunded(self, bench: Bench) -> None:
        _, payment = paid_order(bench)
        assert isinstance(bench.gateway.refund(refund_request(payment.payment_ref, TOTAL + 1)), Refused)
        assert bench.refunded_minor(payment.payment_ref) == 0

    def test_a_payment_refunded_in_part_stays_captured(self, bench: Bench) -> None:
        order, payment = paid_order(bench)
        refunded = refund(bench, refund_request(payment.payment_ref, 50_000))
        snapshot = read(bench, order)
        assert [payment.status for payment in snapshot.payments] == [PaymentStatus.CAPTURED]
        assert (snapshot.is_paid, snapshot.paid_minor) == (True, TOTAL)
        assert [known.refund_ref for known in snapshot.refunds] == [refunded.refund_ref]
        assert [(known.amount_minor, known.receipt) for known in snapshot.refunds] == [(50_000, refunded.receipt)]

    def test_a_payment_refunded_in_full_reads_as_refunded(self, bench: Bench) -> None:
        order, payment = paid_order(bench)
        refund(bench, refund_request(payment.payment_ref, TOTAL))
        snapshot = read(bench, order)
        assert [payment.status for payment in snapshot.payments] == [PaymentStatus.REFUNDED]
        assert (snapshot.is_paid, snapshot.paid_minor) == (True, TOTAL)

    def test_refunds_and_disputes_are_listed_by_when_they_began(self, bench: Bench) -> None:
        _, payment = paid_order(bench)
        refunded = refund(bench, refund_request(payment.payment_ref, 50_000))
        now = datetime.now(UTC)
        hour = timedelta(hours=1)
        listed = bench.gateway.list_reversals(created_from=now - hour, created_until=now + hour)
        assert isinstance(listed, tuple), listed
        assert Reversal(refunded.refund_ref, payment.payment_ref) in listed
        assert bench.gateway.list_reversals(created_from=now - 2 * hour, created_until=now - hour) == ()

    def test_a_dispute_stands_beside_its_payment_until_it_is_lost(self, bench: Bench) -> None:
        order, payment = paid_order(bench)
        dispute_ref = bench.dispute(payment.payment_ref)
        now = datetime.now(UTC)
        listed = bench.gateway.list_reversals(
            created_from=now - timedelta(hours=1), created_until=now + timedelta(hours=1)
        )
        assert isinstance(listed, tuple), listed
        assert Reversal(dispute_ref, payment.payment_ref) in listed
        (dispute,) = read(bench, order).disputes
        assert (dispute.dispute_ref, dispute.payment_ref) == (dispute_ref, payment.payment_ref)
        assert (dispute.amount_minor, dispute.currency, dispute.status) == (TOTAL, "INR", DisputeStatus.OPEN)
        bench.lose_dispute(dispute_ref)
        assert [known.status for known in read(bench, order).disputes] == [DisputeStatus.LOST]


class WebhookContract:
    """For every far end that signs and sends."""

    def test_genuine_webhooks_have_ids_of_their_own_and_say_where_to_look(self, bench: WebhookBench) -> None:
        hints = [bench.gateway.read_webhook(body=b, headers=h) for b, h in bench.webhooks_of_payment()]
        assert hints
        assert len({hint.event_ref for hint in hints}) == len(hints)
        assert all(hint.order_ref or hint.payment_ref for hint in hints)

    def test_an_altered_webhook_is_forged(self, bench: WebhookBench) -> None:
        body, headers = bench.webhooks_of_payment()[0]
        altered = json.dumps(json.loads(body) | {"event": "order.paid "}).encode()
        with pytest.raises(ForgedWebhook):
            bench.gateway.read_webhook(body=altered, headers=headers)

    def test_a_webhook_without_its_headers_is_forged(self, bench: WebhookBench) -> None:
        body, _ = bench.webhooks_of_payment()[0]
        with pytest.raises(ForgedWebhook):
            bench.gateway.read_webhook(body=body, headers={})


class NamingContract:
    def test_a_paid_order_is_named_by_a_webhook_and_no_other_is(self, bench: Bench) -> None:
        order, _ = paid_order(bench)
        hints = [bench.gateway.read_webhook(body=b, headers=h) for b, h in bench.webhooks(order.order_ref)]
        assert order.order_ref in {hint.order_ref for hint in hints}
        assert {hint.order_ref for hint in hints} <= {order.order_ref, None}


class GatewayContract(
    OrderContract, PaymentContract, ReturnContract, RefundContract, GivingBackContract, WebhookContract, NamingContract
):
    """All of it."""
