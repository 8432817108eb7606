"""Checkout sessions: one payer's visit, from the merchant's form to the way back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from secrets import token_urlsafe
from urllib.parse import urlsplit

from khata_sandbox.gateway.customer_rows import Customer
from khata_sandbox.gateway.failures import FAILURES
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.payment_links import link_return_fields
from khata_sandbox.gateway.payments import SUCCESSFUL, fail
from khata_sandbox.gateway.rows import Order, Payment, Session
from khata_sandbox.gateway.signatures import is_equal, payment_signature

SESSION_S = 900
QR_S = 480
EXTENSIONS_MAXIMUM = 10
FAILURES_MAXIMUM = 5


class SessionState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    PAID_ELSEWHERE = "paid_elsewhere"
    CANCELLED = "cancelled"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"


@dataclass(eq=False)
class CheckoutRefused(Exception):
    """The merchant's form cannot start a payment; nothing was recorded."""

    title: str
    explanation: str


def open_session(gateway: Gateway, form: Mapping[str, str]) -> Session:
    """From the form a merchant's page posts. Raises CheckoutRefused."""
    order = _order_to_pay(gateway, form)
    now = gateway.clock.now()
    session = Session(
        id=token_urlsafe(24),
        order_id=order.id,
        phone_token=token_urlsafe(12),
        callback_url=_return_address(form.get("callback_url", "")),
        cancel_url=_return_address(form["cancel_url"]) if form.get("cancel_url") else "",
        description=form.get("description", "")[:255],
        name=form.get("prefill[name]", "")[:100],
        email=form.get("prefill[email]", "")[:254],
        contact=form.get("prefill[contact]", "")[:20],
        created_at=now,
        expires_at=now + SESSION_S,
        qr_expires_at=now + QR_S,
        amount_minor=_amount_to_pay(order, form),
        customer_id=_customer_id(gateway, order, form),
        is_mandate=int(form.get("recurring", "") in ("1", "true", "preferred") or bool(order.mandate)),
        is_saved=int(form.get("save", "") in ("1", "true")),
    )
    with gateway.store.transaction():
        gateway.store.save(session)
    return session


def session_state(gateway: Gateway, session: Session) -> SessionState:
    if paid_payment(gateway, session) is not None:
        return SessionState.PAID
    order = order_of(gateway, session)
    if is_paid_or_authorised(gateway, order):
        return SessionState.PAID_ELSEWHERE
    if session.cancelled_at is not None:
        return SessionState.CANCELLED
    if gateway.store.count(Payment, "session_id = ? AND status = 'failed'", session.id) >= FAILURES_MAXIMUM:
        return SessionState.EXHAUSTED
    if gateway.clock.now() >= session.expires_at:
        return SessionState.EXPIRED
    return SessionState.OPEN


def order_of(gateway: Gateway, session: Session) -> Order:
    order = gateway.store.get(Order, session.order_id)
    assert order is not None
    return order


def paid_payment(gateway: Gateway, session: Session) -> Payment | None:
    marks = ", ".join("?" * len(SUCCESSFUL))
    return gateway.store.first(Payment, f"session_id = ? AND status IN ({marks})", session.id, *SUCCESSFUL)


def latest_payment(gateway: Gateway, session: Session) -> Payment | None:
    return gateway.store.first(Payment, "session_id = ?", session.id)


def is_paid_or_authorised(gateway: Gateway, order: Order) -> bool:
    return (
        order.status == "paid" or gateway.store.count(Payment, "order_id = ? AND status = 'authorized'", order.id) > 0
    )


def extend_session(gateway: Gateway, session: Session) -> Session:
    """Starts both countdowns afresh, at most ten times."""
    if session.extensions >= EXTENSIONS_MAXIMUM:
        return session
    now = gateway.clock.now()
    return _save(
        gateway,
        replace(
            session,
            expires_at=now + SESSION_S,
            qr_expires_at=now + QR_S,
            extensions=session.extensions + 1,
        ),
    )


def renew_qr(gateway: Gateway, session: Session) -> Session:
    """A new phone page address, and with it a new QR code."""
    expires_at = gateway.clock.now() + QR_S
    return _save(gateway, replace(session, phone_token=token_urlsafe(12), qr_expires_at=expires_at))


def cancel_session(gateway: Gateway, session: Session) -> Session:
    """Ends attempts that only this page could have finished; one that waits for a phone or a bank may still succeed."""
    stages = "session_id = ? AND status = 'created' AND stage IN ('otp', 'mock_page')"
    for payment in gateway.store.select(Payment, stages, session.id):
        fail(gateway, payment.id, "payment_cancelled")
    return _save(gateway, replace(session, cancelled_at=gateway.clock.now()))


def success_fields(gateway: Gateway, payment: Payment) -> dict[str, str]:
    """What the browser carries back after a success."""
    order = gateway.store.get(Order, payment.order_id)
    if order is not None and order.link_id:
        return link_return_fields(gateway, order.link_id, payment)
    return {
        "razorpay_payment_id": payment.id,
        "razorpay_order_id": payment.order_id,
        "razorpay_signature": payment_signature(gateway.settings.key_secret, payment.order_id, payment.id),
    }


def failure_fields(gateway: Gateway, session: Session) -> dict[str, str]:
    """What the browser carries back when the last attempt failed, or the session ran out; of a link nothing."""
    if session.link_id:
        return {}
    payment = latest_payment(gateway, session)
    metadata = {"order_id": session.order_id}
    if payment is None:
        return FAILURES["payment_session_expired"].as_error(metadata).form_fields()
    reason = payment.error_reason or "payment_session_expired"
    return FAILURES[reason].as_error(metadata | {"payment_id": payment.id}).form_fields()


def _order_to_pay(gateway: Gateway, form: Mapping[str, str]) -> Order:
    if not is_equal(form.get("key_id", ""), gateway.settings.key_id):
        raise CheckoutRefused("Unknown key", "The shop sent a key this gateway does not know.")
    order = gateway.store.get(Order, form.get("order_id", ""))
    if order is None or order.qr_code_id:
        raise CheckoutRefused("Unknown order", "The shop sent an order this gateway does not know.")
    if is_paid_or_authorised(gateway, order):
        raise CheckoutRefused("Already paid", "This order has been paid. Nothing was charged now.")
    return order


def _amount_to_pay(order: Order, form: Mapping[str, str]) -> int:
    """What is due; of an order that takes parts also less, though not less than its first part must be."""
    due_minor = order.amount_minor - order.amount_paid_minor
    given = form.get("amount", str(due_minor))
    least_minor = due_minor
    if order.is_partial:
        least_minor = min((order.first_part_minor or 0) if order.amount_paid_minor == 0 else 0, due_minor)
    is_amount = given.isascii() and given.isdigit() and max(least_minor, 1) <= int(given) <= due_minor
    if not is_amount or form.get("currency", order.currency) != order.currency:
        raise CheckoutRefused("Form differs from order", "The amount or currency is not the one of the shop's order.")
    return int(given)


def _customer_id(gateway: Gateway, order: Order, form: Mapping[str, str]) -> str | None:
    customer_id = form.get("customer_id") or order.customer_id
    if customer_id and gateway.store.get(Customer, customer_id) is None:
        raise CheckoutRefused("Unknown customer", "The shop sent a customer this gateway does not know.")
    return customer_id


def _return_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and re.fullmatch(r"[A-Za-z0-9.\-:\[\]]+", parts.netloc)
    except ValueError:
        is_usable = None
    if not is_usable:
        raise CheckoutRefused("No way back", "The shop sent no usable address to return to.")
    return url


def _save(gateway: Gateway, session: Session) -> Session:
    with gateway.store.transaction():
        gateway.store.save(session)
    return session
