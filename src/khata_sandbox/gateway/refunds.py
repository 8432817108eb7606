"""Refunds: money back for a captured payment, in whole or in part."""

import re
from dataclasses import replace

from khata_sandbox.gateway.errors import ApiError, conflict, invalid, unknown_id
from khata_sandbox.gateway.events import record_refund_event
from khata_sandbox.gateway.fields import Given, choice_field, text_field
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import digits_of, new_id
from khata_sandbox.gateway.payments import load_payment
from khata_sandbox.gateway.requests import PageRequest, notes_text, refuse_others
from khata_sandbox.gateway.rows import Payment, Refund
from khata_sandbox.gateway.settlement_rows import Dispute
from khata_sandbox.gateway.switches import strike

FIELDS = ("amount", "speed", "notes", "receipt")
RECEIPT_LENGTH_MAXIMUM = 40
INSTANT_S = 60
"""An instant refund is pending for so long; a normal one is marked processed at once and paid later."""
REFERENCE_AFTER_S = 2 * 86_400
"""The bank's reference number follows so much later."""
REFUNDABLE_S = 183 * 86_400


def create_refund(gateway: Gateway, payment_id: str, given: Given, *, idempotency_key: str | None = None) -> Refund:
    """No amount means all that is left. The same key and body give the same refund. Raises ApiError."""
    refuse_others(given, FIELDS)
    _check_key(idempotency_key)
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        wanted = Refund(
            id=new_id("rfnd"),
            payment_id=payment_id,
            amount_minor=_amount(given.get("amount"), payment),
            currency=payment.currency,
            notes=notes_text(given.get("notes")),
            receipt=text_field(given, "receipt", RECEIPT_LENGTH_MAXIMUM),
            speed=choice_field(given, "speed", ("normal", "optimum"), "normal"),
            status="pending",
            bank_ref=None,
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
    return _with_reference(gateway, refund)


def list_refunds(gateway: Gateway, page: PageRequest, *, payment_id: str | None = None) -> list[Refund]:
    """Newest first."""
    condition = "created_at BETWEEN ? AND ? AND (?3 IS NULL OR payment_id = ?3)"
    values = (page.from_at, page.to_at, payment_id)
    found = gateway.store.select(Refund, condition, *values, limit=page.count, skip=page.skip)
    return [_with_reference(gateway, refund) for refund in found]


def refunds_of(gateway: Gateway, payment: Payment) -> list[Refund]:
    """Newest first."""
    return [_with_reference(gateway, refund) for refund in gateway.store.select(Refund, "payment_id = ?", payment.id)]


def set_refund_notes(gateway: Gateway, refund_id: str, given: Given) -> Refund:
    """Raises ApiError for anything but notes."""
    refuse_others(given, ("notes",))
    notes = notes_text(given.get("notes"))
    with gateway.store.transaction():
        refund = replace(load_refund(gateway, refund_id), notes=notes)
        gateway.store.save(refund)
    return refund


def process_refund(gateway: Gateway, refund_id: str) -> Refund:
    """The bank takes it, in time or late. One that has ended already stays as it is."""
    with gateway.store.transaction():
        refund = load_refund(gateway, refund_id)
        if refund.status != "pending":
            return refund
        return _process(gateway, load_payment(gateway, refund.payment_id), refund)


def fail_refund(gateway: Gateway, refund_id: str) -> Refund:
    """The bank refuses it, even after it was marked processed: the money is the payment's again."""
    with gateway.store.transaction():
        refund = load_refund(gateway, refund_id)
        if refund.status == "failed":
            return refund
        refund = replace(refund, status="failed", bank_ref=None)
        payment = load_payment(gateway, refund.payment_id)
        payment = replace(
            payment, amount_refunded_minor=payment.amount_refunded_minor - refund.amount_minor, status="captured"
        )
        gateway.store.save(refund)
        gateway.store.save(payment)
        record_refund_event(gateway, "refund.failed", refund, payment)
    return refund


def end_refunds_due(gateway: Gateway) -> None:
    """What banks answer by themselves. Safe to run at any moment."""
    for refund in gateway.store.select(Refund, "status = 'pending' AND ends_at <= ?", gateway.clock.now()):
        if refund.is_failing:
            fail_refund(gateway, refund.id)
        else:
            process_refund(gateway, refund.id)


def _refund(gateway: Gateway, payment: Payment, refund: Refund) -> Refund:
    _check_payment(gateway, payment, refund)
    refunded_minor = payment.amount_refunded_minor + refund.amount_minor
    is_full = refunded_minor == payment.amount_minor
    payment = replace(payment, amount_refunded_minor=refunded_minor, status="refunded" if is_full else payment.status)
    refund = _with_prospect(gateway, payment, refund)
    gateway.store.save(payment)
    gateway.store.save(refund)
    if refund.ends_at > gateway.clock.now():
        record_refund_event(gateway, "refund.created", refund, payment)
        return refund
    record_refund_event(gateway, "refund.created", replace(refund, status="processed"), payment)
    return _process(gateway, payment, refund)


def _check_payment(gateway: Gateway, payment: Payment, refund: Refund) -> None:
    lost = gateway.store.select(Dispute, "payment_id = ? AND status = 'lost'", payment.id)
    taken_minor = sum(dispute.deducted_minor for dispute in lost)
    refundable_minor = payment.amount_minor - payment.amount_refunded_minor - taken_minor
    if not payment.is_captured:
        raise ApiError("The payment status should be captured for action to be taken")
    if refundable_minor <= 0:
        raise ApiError("The payment has been fully refunded already")
    if refund.amount_minor > refundable_minor:
        raise invalid("amount", "The refund amount provided is greater than amount captured")
    if gateway.clock.now() - payment.created_at > REFUNDABLE_S:
        raise ApiError("The payment is older than six months: its bank takes no refund any more")


def _with_prospect(gateway: Gateway, payment: Payment, refund: Refund) -> Refund:
    """When the bank will answer, and how."""
    ends_at = gateway.clock.now() + (INSTANT_S if refund.speed == "optimum" else 0)
    slow = strike(gateway, "refund_slow", refund.receipt, payment.id)
    failing = strike(gateway, "refund_fails", refund.receipt, payment.id)
    if slow is not None:
        ends_at += slow.value
    if failing is not None:
        ends_at += failing.value
    return replace(refund, ends_at=ends_at, is_failing=int(failing is not None))


def _process(gateway: Gateway, payment: Payment, refund: Refund) -> Refund:
    refund = replace(refund, status="processed", processed_at=gateway.clock.now())
    gateway.store.save(refund)
    record_refund_event(gateway, "refund.processed", refund, payment)
    return refund


def _with_reference(gateway: Gateway, refund: Refund) -> Refund:
    """A processed refund shows the bank's reference once that is due."""
    if refund.processed_at is None or refund.status != "processed":
        return refund
    if gateway.clock.now() - refund.processed_at < REFERENCE_AFTER_S and refund.speed == "normal":
        return refund
    return replace(refund, bank_ref=digits_of(refund.id, 12))


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


def _check_key(idempotency_key: str | None) -> None:
    if idempotency_key is not None and not re.fullmatch(r"[A-Za-z0-9_-]{10,}", idempotency_key):
        raise ApiError("The idempotency key must have at least 10 characters: letters, digits, hyphens, underscores.")


def _amount(value: object, payment: Payment) -> int:
    if value is None:
        return payment.amount_minor - payment.amount_refunded_minor
    if type(value) is not int:
        raise invalid("amount", "The amount must be an integer.")
    if value < 1:
        raise invalid("amount", "The amount must be at least 1.")
    return value
