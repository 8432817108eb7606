"""Refunds: money back for a captured payment, in whole or in part."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from khata_sandbox.gateway.errors import ApiError, conflict, invalid, unknown_id
from khata_sandbox.gateway.events import record_refund_event
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_digits, new_id
from khata_sandbox.gateway.payments import load_payment
from khata_sandbox.gateway.requests import PageRequest, notes_text, refuse_others
from khata_sandbox.gateway.rows import Payment, Refund

FIELDS = ("amount", "speed", "notes", "receipt")


def create_refund(
    gateway: Gateway, payment_id: str, given: Mapping[str, Any], *, idempotency_key: str | None = None
) -> Refund:
    """No amount means all that is left. The same key and body give the same refund. Raises ApiError."""
    refuse_others(given, FIELDS)
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        wanted = Refund(
            id=new_id("rfnd"),
            payment_id=payment_id,
            amount_minor=_amount(given.get("amount"), payment),
            currency=payment.currency,
            notes=notes_text(given.get("notes")),
            receipt=given.get("receipt"),
            speed=_speed(given.get("speed", "normal")),
            status="processed",
            bank_ref=new_digits(12),
            idempotency_key=idempotency_key,
            created_at=int(gateway.clock.now()),
        )
        if idempotency_key is not None:
            earlier = gateway.store.first(Refund, "idempotency_key = ?", idempotency_key)
            if earlier is not None:
                return _same_refund(earlier, wanted, is_amount_given="amount" in given)
        return _refund(gateway, payment, wanted)


def load_refund(gateway: Gateway, refund_id: str) -> Refund:
    """Raises ApiError for an id nobody knows."""
    refund = gateway.store.get(Refund, refund_id)
    if refund is None:
        raise unknown_id()
    return refund


def list_refunds(gateway: Gateway, page: PageRequest, *, payment_id: str | None = None) -> list[Refund]:
    """Newest first."""
    condition = "created_at BETWEEN ? AND ? AND (?3 IS NULL OR payment_id = ?3)"
    values = (page.from_at, page.to_at, payment_id)
    return gateway.store.select(Refund, condition, *values, limit=page.count, skip=page.skip)


def _refund(gateway: Gateway, payment: Payment, refund: Refund) -> Refund:
    refundable_minor = payment.amount_minor - payment.amount_refunded_minor
    if not payment.is_captured:
        raise ApiError("The payment status should be captured for action to be taken")
    if refundable_minor == 0:
        raise ApiError("The payment has been fully refunded already")
    if refund.amount_minor > refundable_minor:
        raise invalid("amount", "The refund amount provided is greater than amount captured")
    refunded_minor = payment.amount_refunded_minor + refund.amount_minor
    is_full = refunded_minor == payment.amount_minor
    payment = replace(payment, amount_refunded_minor=refunded_minor, status="refunded" if is_full else payment.status)
    gateway.store.save(payment)
    gateway.store.save(refund)
    record_refund_event(gateway, "refund.created", refund, payment)
    record_refund_event(gateway, "refund.processed", refund, payment)
    return refund


def _same_refund(earlier: Refund, wanted: Refund, *, is_amount_given: bool) -> Refund:
    is_same = (earlier.payment_id, earlier.notes, earlier.receipt, earlier.speed) == (
        wanted.payment_id,
        wanted.notes,
        wanted.receipt,
        wanted.speed,
    ) and (earlier.amount_minor == wanted.amount_minor or not is_amount_given)
    if not is_same:
        raise conflict("A request with this idempotency key and another body was processed before")
    return earlier


def _amount(value: object, payment: Payment) -> int:
    if value is None:
        return payment.amount_minor - payment.amount_refunded_minor
    if type(value) is not int:
        raise invalid("amount", "The amount must be an integer.")
    if value < 1:
        raise invalid("amount", "The amount must be at least 1.")
    return value


def _speed(value: object) -> str:
    if value not in ("normal", "optimum"):
        raise invalid("speed", "The speed must be normal or optimum.")
    return str(value)
