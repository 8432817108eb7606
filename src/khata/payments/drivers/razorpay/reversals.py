"""Money on its way back, in the port's words: refunds, disputes, and the lines of a settlement."""

from khata.payments import facts
from khata.payments.drivers.razorpay import fields
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import SettledItem
from khata.payments.rest import Json
from khata.payments.reversals import Dispute, DisputeStatus, Refund, RefundStatus

_BANK_REFERENCES = ("arn", "rrn", "utr")
_SETTLED_KINDS = frozenset({"payment", "refund"})


def refund_from(entity: Json) -> Refund:
    return Refund(
        refund_ref=fields.reference(entity, "id", "rfnd_"),
        payment_ref=fields.reference(entity, "payment_id", "pay_"),
        amount_minor=facts.whole(entity, "amount"),
        currency=facts.currency(entity),
        status=_refund_status(entity),
        receipt=text(entity.get("receipt")),
        bank_ref=fields.bank_ref(entity, _BANK_REFERENCES),
        created_at=facts.instant(entity, "created_at"),
    )


def dispute_from(entity: Json) -> Dispute:
    return Dispute(
        dispute_ref=fields.reference(entity, "id", "disp_"),
        payment_ref=fields.reference(entity, "payment_id", "pay_"),
        amount_minor=facts.whole(entity, "amount"),
        currency=facts.currency(entity),
        status=_dispute_status(entity),
        reason_code=text(entity.get("reason_code")),
        respond_by=fields.instant_or_none(entity, "respond_by"),
        created_at=facts.instant(entity, "created_at"),
    )


def settled_item_from(entity: Json) -> SettledItem:
    """A transfer to a linked account, and whatever is invented next, is an adjustment to us."""
    kind = text(entity.get("type"))
    return SettledItem(
        kind=kind if kind in _SETTLED_KINDS else "adjustment",
        ref=text(entity.get("entity_id")),
        order_ref=fields.reference_or_none(entity, "order_id"),
        amount_minor=facts.whole(entity, "amount"),
        fee_minor=fields.whole_or_zero(entity, "fee"),
        tax_minor=fields.whole_or_zero(entity, "tax"),
        settlement_ref=fields.reference(entity, "settlement_id", "setl_"),
        settled_at=facts.instant(entity, "settled_at"),
    )


def _refund_status(entity: Json) -> RefundStatus:
    try:
        return RefundStatus(text(entity.get("status")))
    except ValueError as error:
        raise NotUnderstood(f"refund status {text(entity.get('status'))!r}") from error


def _dispute_status(entity: Json) -> DisputeStatus:
    try:
        return DisputeStatus(text(entity.get("status")))
    except ValueError as error:
        raise NotUnderstood(f"dispute status {text(entity.get('status'))!r}") from error
