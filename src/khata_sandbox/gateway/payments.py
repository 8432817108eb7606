"""The life of a payment, all of it in one place: begun, authorised, captured or failed, late success included.

created → authorized → captured, created → failed, and failed → authorized → captured when a bank confirms late.
Every verb is one transaction and writes its webhook events with it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from khata_sandbox.gateway.errors import ApiError, invalid, unknown_id
from khata_sandbox.gateway.events import record_order_paid, record_payment_event
from khata_sandbox.gateway.failures import FAILURES
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_digits
from khata_sandbox.gateway.requests import PageRequest, notes_text, refuse_others
from khata_sandbox.gateway.rows import Order, Payment

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
        if order.is_capture_automatic and order.status != "paid":
            payment = _capture(gateway, payment, order)
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
    return succeed(gateway, payment.id) if payment.outcome == "success" else fail(gateway, payment.id, payment.outcome)


def capture(gateway: Gateway, payment_id: str, *, amount_minor: object, currency: object) -> Payment:
    """Raises ApiError where the payment cannot be captured."""
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        order = _order_of(gateway, payment)
        if payment.is_captured:
            raise ApiError("This payment has already been captured")
        if order.status == "paid":
            raise ApiError("Capture declined: the order is already paid", reason="order_already_paid")
        if payment.status != "authorized":
            raise ApiError("Only payments which have been authorized and not yet captured can be captured")
        if type(amount_minor) is not int or amount_minor != payment.amount_minor:
            raise invalid("amount", "Capture amount must be equal to the amount authorized")
        if currency != payment.currency:
            raise invalid("currency", "The currency must be the currency of the payment.")
        return _capture(gateway, payment, order)


def settle_due(gateway: Gateway) -> None:
    """What time alone does: banks that never answered, and banks that confirm late. Safe to run at any moment."""
    now = gateway.clock.now()
    for payment in gateway.store.select(Payment, "status = 'created' AND times_out_at <= ?", now):
        fail(gateway, payment.id, "payment_timed_out")
    for payment in gateway.store.select(Payment, "status IN ('created', 'failed') AND succeeds_at <= ?", now):
        succeed(gateway, payment.id)


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
    payment = replace(
        payment,
        status="authorized",
        bank_ref=new_digits(6 if payment.method == "card" else 12),
        error_code=None,
        error_reason=None,
        error_source=None,
        error_step=None,
        error_description=None,
    )
    gateway.store.save(payment)
    record_payment_event(gateway, "payment.authorized", payment)
    return payment


def _capture(gateway: Gateway, payment: Payment, order: Order) -> Payment:
    fee_minor = payment.amount_minor * FEE_PERCENT // 100
    tax_minor = fee_minor * FEE_GST_PERCENT // 100
    payment = replace(payment, status="captured", is_captured=1, fee_minor=fee_minor + tax_minor, tax_minor=tax_minor)
    order = replace(order, status="paid", amount_paid_minor=payment.amount_minor)
    gateway.store.save(payment)
    gateway.store.save(order)
    record_payment_event(gateway, "payment.captured", payment)
    record_order_paid(gateway, payment, order)
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
