"""Stripe's sessions, charges, refunds and disputes in the port's words."""

import re
from typing import Any

from khata.payments import facts
from khata.payments.drivers.stripe import words
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import (
    Mode,
    Order,
    Payment,
    PaymentMethod,
    PaymentStatus,
)
from khata.payments.rest import Json
from khata.payments.reversals import Dispute, Refund

SESSION_REF = re.compile(r"cs_[A-Za-z0-9_]{1,120}")
PAYMENT_REF = re.compile(r"(?:ch|py)_[A-Za-z0-9]{1,60}")
"""A charge; py_… where it was not made with a card."""
INTENT_REF = re.compile(r"pi_[A-Za-z0-9]{1,60}")
_REFUND_REF = re.compile(r"(?:re|pyr)_[A-Za-z0-9]{1,60}")
_DISPUTE_REF = re.compile(r"(?:dp|du|pdp)_[A-Za-z0-9]{1,60}")


def order_from(session: Json) -> Order:
    return Order(
        order_ref=order_ref_of(session),
        amount_minor=facts.whole(session, "amount_total"),
        currency=facts.currency(session),
        receipt=text(session.get("client_reference_id")),
    )


def order_ref_of(session: Json) -> str:
    return facts.reference(session, "id", SESSION_REF)


def paid_minor(session: Json) -> int:
    """A session is paid in full or not at all."""
    return facts.whole(session, "amount_total") if is_paid(session) else 0


def is_paid(session: Json) -> bool:
    return session.get("payment_status") == "paid"


def mode_of(session: Json) -> Mode:
    return "live" if facts.flag(session, "livemode") else "test"


def intent_ref(entity: Json) -> str | None:
    """None until the payer has tried to pay."""
    found = ref_of(entity.get("payment_intent"))
    if found is not None and not INTENT_REF.fullmatch(found):
        raise NotUnderstood("payment_intent is no reference")
    return found


def payment_from(charge: Json, order_ref: str | None) -> Payment:
    """A charge does not say which session it belongs to: whoever asks knows."""
    outcome = facts.part(charge, "outcome")
    return Payment(
        payment_ref=facts.reference(charge, "id", PAYMENT_REF),
        order_ref=order_ref,
        status=_payment_status(charge),
        amount_minor=facts.whole(charge, "amount"),
        currency=facts.currency(charge),
        method=words.METHODS.get(_method_type(charge), PaymentMethod.OTHER),
        method_detail=_method_detail(charge),
        bank_ref=_bank_ref(charge),
        error_code=text(charge.get("failure_code")),
        error_reason=_error_reason(charge, outcome),
        error_source=text(outcome.get("type")) if charge.get("failure_code") else "",
        error_step="",
        error_description=text(charge.get("failure_message")),
        created_at=facts.instant(charge, "created"),
        token_ref=text(charge.get("payment_method")),
        refunded_minor=facts.whole(charge, "amount_refunded") if charge.get("amount_refunded") else 0,
    )


def refund_from(refund: Json) -> Refund:
    status = words.REFUNDS.get(text(refund.get("status")))
    if status is None:
        raise NotUnderstood(f"refund status {text(refund.get('status'))!r}")
    return Refund(
        refund_ref=facts.reference(refund, "id", _REFUND_REF),
        payment_ref=_charge_ref(refund),
        amount_minor=facts.whole(refund, "amount"),
        currency=facts.currency(refund),
        status=status,
        receipt=text(facts.part(refund, "metadata").get("receipt")),
        bank_ref=_refund_bank_ref(refund),
        created_at=facts.instant(refund, "created"),
    )


def dispute_from(dispute: Json) -> Dispute:
    status = words.DISPUTES.get(text(dispute.get("status")))
    if status is None:
        raise NotUnderstood(f"dispute status {text(dispute.get('status'))!r}")
    evidence = facts.part(dispute, "evidence_details")
    return Dispute(
        dispute_ref=facts.reference(dispute, "id", _DISPUTE_REF),
        payment_ref=_charge_ref(dispute),
        amount_minor=facts.whole(dispute, "amount"),
        currency=facts.currency(dispute),
        status=status,
        reason_code=text(dispute.get("reason")),
        respond_by=facts.instant(evidence, "due_by") if evidence.get("due_by") else None,
        created_at=facts.instant(dispute, "created"),
    )


def ref_of(value: Any) -> str | None:
    """A reference, whether it stands alone or its object was put in its place."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def _payment_status(charge: Json) -> PaymentStatus:
    status = text(charge.get("status"))
    if status in words.UNTAKEN:
        return words.UNTAKEN[status]
    if status != "succeeded":
        raise NotUnderstood(f"charge status {status!r}")
    if facts.flag(charge, "refunded"):
        return PaymentStatus.REFUNDED
    return PaymentStatus.CAPTURED if facts.flag(charge, "captured") else PaymentStatus.AUTHORISED


def _method_type(charge: Json) -> str:
    return text(facts.part(charge, "payment_method_details").get("type"))


def _method_detail(charge: Json) -> str:
    kind = _method_type(charge)
    details = facts.part(charge, "payment_method_details", kind)
    if kind == "card":
        brand, last4 = text(details.get("brand")), text(details.get("last4"))
        name = words.BRANDS.get(brand, brand)
        return f"{name} ending {last4}" if last4 else name
    return text(details.get("vpa")) or text(details.get("bank_name")) or kind.replace("_", " ")


def _error_reason(charge: Json, outcome: Json) -> str:
    """The bank's own reason where Stripe passes it on, else the failure code; in the port's words where they exist."""
    code = text(charge.get("failure_code"))
    reason = text(outcome.get("reason")) if code else ""
    return words.REASONS.get(reason) or words.REASONS.get(code) or reason or code


def _bank_ref(charge: Json) -> str:
    details = facts.part(charge, "payment_method_details", _method_type(charge))
    found = (charge.get("authorization_code"), details.get("network_transaction_id"), details.get("reference"))
    return next((known for value in found if (known := text(value))), "")


def _refund_bank_ref(refund: Json) -> str:
    destination = facts.part(refund, "destination_details")
    return text(facts.part(destination, text(destination.get("type"))).get("reference"))


def _charge_ref(entity: Json) -> str:
    return facts.reference({"charge": ref_of(entity.get("charge"))}, "charge", PAYMENT_REF)
