"""What every driver that can charge without the payer must do; a driver's tests subclass it with a `SavedBench`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

from khata.payments.port import Gateway, Order, OrderRequest, Payer, Payment, PaymentStatus, Refused, Snapshot, Start
from khata.payments.saved_methods import ChargeRequest, Customer, CustomerRequest, MandateRequest, SavedMethod

from .bench import TOTAL, new_request

AMOUNT_MAX = 1_180_000


class SavedBench(Protocol):
    @property
    def gateway(self) -> Gateway: ...

    def pay(self, start: Start) -> dict[str, str]: ...

    def let_notice_pass(self) -> None:
        """The time banks take to tell their customers passes, and what is due is debited."""
        ...

    def charges_count(self, order_ref: str) -> int:
        """How many payments the far end itself knows of this order."""
        ...


class SavedMethodContract:
    def test_it_says_that_it_can_and_up_to_how_much(self, bench: SavedBench) -> None:
        assert bench.gateway.capabilities.has_saved_methods
        assert bench.gateway.capabilities.unattended_maximum_minor == 1_500_000

    def test_a_customer_asked_for_twice_is_one(self, bench: SavedBench) -> None:
        request = customer_request()
        assert register(bench, request) == register(bench, request)

    def test_paying_an_order_with_a_mandate_leaves_the_way_to_charge_again(self, bench: SavedBench) -> None:
        assert saved_method(bench).token_ref

    def test_a_charge_takes_the_orders_amount_once_its_notice_is_over(self, bench: SavedBench) -> None:
        request = charge_request(bench, saved_method(bench))
        payment = charge(bench, request)
        assert (payment.order_ref, payment.amount_minor, payment.currency) == (request.order_ref, TOTAL, "INR")
        bench.let_notice_pass()
        snapshot = read(bench, request.order_ref)
        (paid,) = snapshot.payments
        assert (paid.payment_ref, paid.status) == (payment.payment_ref, PaymentStatus.CAPTURED)
        assert (snapshot.is_paid, snapshot.paid_minor, snapshot.order.receipt) == (True, TOTAL, request.receipt)

    def test_a_charge_asked_for_twice_is_made_once(self, bench: SavedBench) -> None:
        request = charge_request(bench, saved_method(bench))
        first = charge(bench, request)
        assert charge(bench, request).payment_ref == first.payment_ref
        bench.let_notice_pass()
        assert charge(bench, request).payment_ref == first.payment_ref
        assert bench.charges_count(request.order_ref) == 1

    def test_the_same_receipt_gives_the_same_order_to_charge(self, bench: SavedBench) -> None:
        request = replace(new_request(), saved=saved_method(bench))
        assert new_order(bench, request) == new_order(bench, request)

    def test_a_mandate_that_was_ended_is_charged_no_more(self, bench: SavedBench) -> None:
        saved = saved_method(bench)
        request = charge_request(bench, saved)
        assert bench.gateway.forget_saved(saved) is None
        assert isinstance(bench.gateway.charge_saved(request), Refused)
        assert bench.charges_count(request.order_ref) == 0

    def test_ending_a_mandate_nobody_knows_is_refused(self, bench: SavedBench) -> None:
        saved = saved_method(bench)
        unknown = replace(saved, token_ref=saved.token_ref[:-8] + "00000000")
        assert isinstance(bench.gateway.forget_saved(unknown), Refused)

    def test_a_list_of_payments_names_the_order_of_a_charge(self, bench: SavedBench) -> None:
        request = charge_request(bench, saved_method(bench))
        payment = charge(bench, request)
        now = datetime.now(UTC)
        span = {"created_from": now - timedelta(days=1), "created_until": now + timedelta(days=300)}
        listed = bench.gateway.list_payments(**span)
        assert isinstance(listed, tuple), listed
        assert {known.payment_ref: known.order_ref for known in listed}[payment.payment_ref] == request.order_ref


def customer_request() -> CustomerRequest:
    mark = uuid4().hex[:10]
    return CustomerRequest(f"org_{mark}", "ACME Private Limited", f"asha-{mark}@example.com", "+919812345678")


def register(bench: SavedBench, request: CustomerRequest) -> Customer:
    customer = bench.gateway.register_customer(request)
    assert isinstance(customer, Customer), customer
    return customer


def saved_method(bench: SavedBench) -> SavedMethod:
    """What a payer left by paying an order with a mandate."""
    customer = register(bench, customer_request())
    request = replace(new_request(), mandate=MandateRequest(customer.customer_ref, AMOUNT_MAX))
    order = new_order(bench, request)
    bench.pay(start_of(bench, order, request))
    (payment,) = read(bench, order.order_ref).payments
    return SavedMethod(customer.customer_ref, payment.token_ref)


def charge_request(bench: SavedBench, saved: SavedMethod, amount_minor: int = TOTAL) -> ChargeRequest:
    order = new_order(bench, replace(new_request(amount_minor), saved=saved))
    return ChargeRequest(
        receipt=order.receipt,
        order_ref=order.order_ref,
        saved=saved,
        amount_minor=amount_minor,
        currency="INR",
        description="Credits",
        email="asha@example.com",
        contact="+919812345678",
    )


def charge(bench: SavedBench, request: ChargeRequest) -> Payment:
    payment = bench.gateway.charge_saved(request)
    assert isinstance(payment, Payment), payment
    return payment


def new_order(bench: SavedBench, request: OrderRequest) -> Order:
    order = bench.gateway.create_order(request)
    assert isinstance(order, Order), order
    return order


def start_of(bench: SavedBench, order: Order, request: OrderRequest) -> Start:
    payer = Payer("ACME Private Limited", "asha@example.com", "+919812345678")
    start = bench.gateway.start(order_ref=order.order_ref, request=request, payer=payer)
    assert isinstance(start, Start), start
    return start


def read(bench: SavedBench, order_ref: str) -> Snapshot:
    snapshot = bench.gateway.read(order_ref)
    assert isinstance(snapshot, Snapshot), snapshot
    return snapshot
