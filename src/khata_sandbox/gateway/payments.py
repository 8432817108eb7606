"""The life of a payment, all of it in one place: begun, authorised, captured or failed, late success included.

created → authorized → captured, created → failed, and failed → authorized → captured when a bank confirms late.
Every verb is one transaction and writes its webhook events with it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from khata_sandbox.gateway.captures import follow_capture, is_due, paid_order
from khata_sandbox.gateway.errors import ApiError, invalid, unknown_id
from khata_sandbox.gateway.events import record_payment_event
from khata_sandbox.gateway.failures import FAILURES
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_digits, new_id
from khata_sandbox.gateway.requests import PageRequest, notes_text, refuse_others
from khata_sandbox.gateway.rows import Order, Payment
from khata_sandbox.gateway.switches import strike
from khata_sandbox.gateway.tokens import keep_instrument

FEE_PERCENT = 2
FEE_GST_PERCENT = 18

TIMEOUT_S = 600
"""A payment no bank has answered for fails after this long; that failure is not final."""
UPI_APP_TIMEOUT_S = 300
SUCCESSFUL = ("authorized", "captured", "refunded")


def begin_payment(gateway: Gateway, payment: Payment) -> Payment:
    """Saves a new payment and counts it as an attempt of its order.

    A second click on the same form gives the payment of the first, unless that one has failed meanwhile.
    """
    store = gateway.store
    with store.transaction():
        earlier = store.first(Payment, "attempt_key = ? AND session_id = ?", payment.attempt_key, payment.session_id)
        if earlier is not None and earlier.status != "failed":
            return earlier
        order = _order_of(gateway, payment)
        status = "attempted" if order.status == "created" else order.status
        store.save(replace(order, attempts=order.attempts + 1, status=status))
        store.save(payment)
    return payment


def wait_for_bank(gateway: Gateway, payment_id: str) -> Payment:
    """The payer has done their part and the bank stays silent: pending."""
    return _change_while_created(gateway, payment_id, stage="wait")


def succeed_later(gateway: Gateway, payment_id: str, *, succeeds_at: float) -> Payment:
    """As `wait_for_bank`, with a bank that will confirm at `succeeds_at`."""
    return _change_while_created(gateway, payment_id, stage="wait", succeeds_at=succeeds_at)


def resend_otp(gateway: Gateway, payment: Payment) -> Payment:
    return _change_while_created(
        gateway, payment.id, otp_sent_at=gateway.clock.now(), otp_resends=payment.otp_resends + 1
    )


def approve(gateway: Gateway, payment_id: str) -> Payment:
    """The payer's bank says yes: the payment succeeds, unless a fault makes the bank time out now and say yes later."""
    payment = load_payment(gateway, payment_id)
    if payment.status != "created":
        return payment
    late = strike(gateway, "pay_late", payment.id, payment.order_id)
    if late is None:
        return succeed(gateway, payment.id)
    succeed_later(gateway, payment.id, succeeds_at=gateway.clock.now() + late.value)
    return fail(gateway, payment.id, "payment_timed_out")


def succeed(gateway: Gateway, payment_id: str) -> Payment:
    """The bank says yes, in time or late: authorised, and captured unless the order asks for manual capture.

    A payment that succeeded before stays as it is. A second payment of a paid order is authorised and left uncaptured.
    """
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        if payment.status in SUCCESSFUL:
            return payment
        payment = _authorise(gateway, payment)
        order = _order_of(gateway, payment)
        if order.is_capture_automatic and is_due(order, payment):
            payment = _capture_now_or_later(gateway, payment, order)
    return payment


def fail(gateway: Gateway, payment_id: str, reason: str) -> Payment:
    """The payment fails with a reason of `failures.py`. One that has ended already stays as it is."""
    failure = FAILURES[reason]
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        if payment.status != "created":
            return payment
        payment = replace(
            payment,
            status="failed",
            error_code=failure.code,
            error_reason=failure.reason,
            error_source=failure.source,
            error_step=failure.step,
            error_description=failure.description,
        )
        gateway.store.save(payment)
        record_payment_event(gateway, "payment.failed", payment)
    return payment


def conclude(gateway: Gateway, payment: Payment) -> Payment:
    """Ends the payment the way its method decided when it was chosen."""
    return approve(gateway, payment.id) if payment.outcome == "success" else fail(gateway, payment.id, payment.outcome)


def capture(gateway: Gateway, payment_id: str, *, amount_minor: object, currency: object) -> Payment:
    """Raises ApiError where the payment cannot be captured."""
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        order = _order_of(gateway, payment)
        if payment.is_captured:
            raise ApiError("This payment has already been captured")
        if not is_due(order, payment):
            raise ApiError("Capture declined: the order is already paid", reason="order_already_paid")
        if payment.status != "authorized":
            raise ApiError("Only payments which have been authorized and not yet captured can be captured")
        if type(amount_minor) is not int or amount_minor != payment.amount_minor:
            raise invalid("amount", "Capture amount must be equal to the amount authorized")
        if currency != payment.currency:
            raise invalid("currency", "The currency must be the currency of the payment.")
        return _capture(gateway, payment, order)


def capture_now(gateway: Gateway, payment_id: str) -> Payment:
    """Captures what was left authorised, as its merchant or its bank would. Raises ApiError."""
    payment = load_payment(gateway, payment_id)
    return capture(gateway, payment_id, amount_minor=payment.amount_minor, currency=payment.currency)


def capture_again(gateway: Gateway, payment_id: str) -> Payment:
    """A second payment of a paid order is captured too, as when a payer pays in two tabs at once. Raises ApiError."""
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        if not payment.is_captured:
            raise ApiError("Only a captured payment can be there twice")
        return _capture_twin(gateway, payment)


def settle_due(gateway: Gateway) -> None:
    """What time alone does: banks that never answered, and banks that confirm late. Safe to run at any moment."""
    now = gateway.clock.now()
    for payment in gateway.store.select(Payment, "status = 'created' AND times_out_at <= ?", now):
        fail(gateway, payment.id, "payment_timed_out")
    for payment in gateway.store.select(Payment, "status IN ('created', 'failed') AND succeeds_at <= ?", now):
        succeed(gateway, payment.id)
    for payment in gateway.store.select(Payment, "status = 'authorized' AND captures_at <= ?", now):
        _capture_late(gateway, payment.id)


def load_payment(gateway: Gateway, payment_id: str) -> Payment:
    """Raises ApiError for an id nobody knows."""
    payment = gateway.store.get(Payment, payment_id)
    if payment is None:
        raise unknown_id()
    return payment


def list_payments(gateway: Gateway, page: PageRequest) -> list[Payment]:
    """Newest first."""
    condition = "created_at BETWEEN ? AND ?"
    return gateway.store.select(Payment, condition, page.from_at, page.to_at, limit=page.count, skip=page.skip)


def set_payment_notes(gateway: Gateway, payment_id: str, given: Mapping[str, Any]) -> Payment:
    """Raises ApiError for anything but notes."""
    refuse_others(given, ("notes",))
    notes = notes_text(given.get("notes"))
    with gateway.store.transaction():
        payment = replace(load_payment(gateway, payment_id), notes=notes)
        gateway.store.save(payment)
    return payment


def _authorise(gateway: Gateway, payment: Payment) -> Payment:
    short = strike(gateway, "pay_short", payment.id, payment.order_id)
    payment = replace(
        payment,
        status="authorized",
        amount_minor=max(payment.amount_minor - (short.value if short else 0), 1),
        bank_ref=new_digits(6 if payment.method == "card" else 12),
        error_code=None,
        error_reason=None,
        error_source=None,
        error_step=None,
        error_description=None,
    )
    payment = keep_instrument(gateway, payment)
    gateway.store.save(payment)
    record_payment_event(gateway, "payment.authorized", payment)
    return payment


def _capture_now_or_later(gateway: Gateway, payment: Payment, order: Order) -> Payment:
    late = strike(gateway, "capture_late", payment.id, payment.order_id)
    if late is None:
        return _capture(gateway, payment, order)
    payment = replace(payment, captures_at=gateway.clock.now() + late.value)
    gateway.store.save(payment)
    return payment


def _capture_late(gateway: Gateway, payment_id: str) -> None:
    """Unless the order was paid by another payment meanwhile."""
    with gateway.store.transaction():
        payment = replace(load_payment(gateway, payment_id), captures_at=None)
        gateway.store.save(payment)
        order = _order_of(gateway, payment)
        if payment.status == "authorized" and is_due(order, payment):
            _capture(gateway, payment, order)


def _capture(gateway: Gateway, payment: Payment, order: Order) -> Payment:
    payment = _take_money(gateway, payment)
    order = paid_order(order, payment)
    gateway.store.save(order)
    follow_capture(gateway, payment, order)
    if strike(gateway, "pay_twice", payment.id, payment.order_id):
        _capture_twin(gateway, payment)
    return payment


def _capture_twin(gateway: Gateway, payment: Payment) -> Payment:
    """It belongs to no session: the payer's page knows nothing of it, and the order is paid as it was."""
    twin = replace(
        payment,
        id=new_id("pay"),
        session_id="",
        attempt_key=new_id("twin"),
        phone_token=None,
        status="created",
        is_captured=0,
        captured_at=None,
        amount_refunded_minor=0,
        settlement_id="",
        dispute_verdict="",
        created_at=int(gateway.clock.now()),
    )
    order = _order_of(gateway, payment)
    gateway.store.save(replace(order, attempts=order.attempts + 1))
    return _take_money(gateway, _authorise(gateway, twin))


def _take_money(gateway: Gateway, payment: Payment) -> Payment:
    fee_minor = payment.amount_minor * FEE_PERCENT // 100
    tax_minor = fee_minor * FEE_GST_PERCENT // 100
    payment = replace(
        payment,
        status="captured",
        is_captured=1,
        captured_at=gateway.clock.now(),
        fee_minor=fee_minor + tax_minor,
        tax_minor=tax_minor,
    )
    payment = _with_dispute_ahead(gateway, payment)
    gateway.store.save(payment)
    record_payment_event(gateway, "payment.captured", payment)
    return payment


def _with_dispute_ahead(gateway: Gateway, payment: Payment) -> Payment:
    for verdict in ("lost", "won"):
        if switch := strike(gateway, f"dispute_{verdict}", payment.id, payment.order_id):
            return replace(payment, dispute_verdict=verdict, dispute_span_s=switch.value)
    return payment


def _change_while_created(gateway: Gateway, payment_id: str, **changes: object) -> Payment:
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        if payment.status == "created":
            payment = replace(payment, **changes)  # type: ignore[arg-type]
            gateway.store.save(payment)
    return payment


def _order_of(gateway: Gateway, payment: Payment) -> Order:
    order = gateway.store.get(Order, payment.order_id)
    assert order is not None
    return order
