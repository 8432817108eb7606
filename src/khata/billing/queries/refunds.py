"""Reads of refunds and disputes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khata.billing.core.dispute_life import is_open
from khata.billing.core.refund_amounts import Bought, RefundShare, refundable
from khata.billing.core.refund_life import RefundOrigin, RefundState
from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import Dispute, PaymentAttempt, Refund, TopUp
from khata.kernel.errors import NotFound
from khata.ledger import queries as ledger
from khata.payments.reversals import DisputeStatus


@dataclass(frozen=True, slots=True)
class RefundRow:
    """Money of one payment on its way back, or arrived. `amount_minor` is with tax; credits in micro-credits."""

    id: UUID
    public_id: str
    top_up_id: UUID
    payment_ref: str
    origin: RefundOrigin
    state: RefundState
    amount_minor: int
    tax_minor: int
    credits_micro: int
    bonus_micro: int
    """Bonus credits that went with them."""
    refund_ref: str | None
    bank_ref: str
    reason: str
    started_by: str
    error_code: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A payer's bank asking for a payment back. `credits_micro` is what its amount bought."""

    id: UUID
    top_up_id: UUID
    payment_ref: str
    dispute_ref: str
    status: DisputeStatus
    amount_minor: int
    credits_micro: int
    reason_code: str
    respond_by: datetime | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        return is_open(self.status)


Reversal = RefundRow | DisputeRow


def refund_for_anyone(*, refund_id: UUID) -> RefundRow:
    """Raises NotFound."""
    row = Refund.objects.select_related("attempt").filter(id=refund_id).first()
    if row is None:
        raise NotFound
    return refund_row(row)


def has_refund_with_key(*, top_up_id: UUID, idempotency_key: str) -> bool:
    """Whether that Idempotency-Key has made a refund of this top-up."""
    return Refund.objects.filter(top_up_id=top_up_id, idempotency_key=idempotency_key).exists()


def refundable_minor(*, organisation_id: int, top_up_id: UUID) -> int:
    """How much money (with tax) can be refunded now: its credits are neither used nor reserved. Raises NotFound."""
    top_up = TopUp.objects.filter(organisation_id=organisation_id, id=top_up_id).first()
    if top_up is None:
        raise NotFound
    attempt = PaymentAttempt.objects.filter(top_up=top_up, purchase_reference__isnull=False).first()
    if attempt is None or attempt.purchase_reference is None or not _may_be_refunded(top_up):
        return 0
    lot = ledger.purchase_lot(organisation_id=organisation_id, purchase=attempt.purchase_reference)
    bought = Bought(top_up.total_minor, top_up.tax_minor, top_up.credits_micro)
    given_back = attempt.refunds.exclude(state=RefundState.FAILED)
    shares = [RefundShare(row.amount_minor, row.tax_minor, row.credits_micro) for row in given_back]
    return refundable(bought, shares, lot.remaining if lot else 0)


def reversals_by_reference(*, organisation_id: int, references: Collection[UUID]) -> dict[UUID, Reversal]:
    """The ledger's references of refunds and disputes, and what they stand for; unknown ones are left out."""
    wanted = list(references)
    refunds = Refund.objects.select_related("attempt").filter(top_up__organisation_id=organisation_id)
    disputes = Dispute.objects.select_related("attempt").filter(top_up__organisation_id=organisation_id)
    held = disputes.filter(reference__in=wanted)
    taken = disputes.filter(reversal_reference__in=wanted)
    return (
        {row.reference: refund_row(row) for row in refunds.filter(reference__in=wanted)}
        | {
            row.bonus_reference: refund_row(row)
            for row in refunds.filter(bonus_reference__in=wanted)
            if row.bonus_reference
        }
        | {row.reference: dispute_row(row) for row in held}
        | {row.reversal_reference: dispute_row(row) for row in taken}
    )


def refund_row(row: Refund) -> RefundRow:
    return RefundRow(
        id=row.id,
        public_id=row.public_id,
        top_up_id=row.top_up_id,
        payment_ref=row.attempt.payment_ref,
        origin=RefundOrigin(row.origin),
        state=RefundState(row.state),
        amount_minor=row.amount_minor,
        tax_minor=row.tax_minor,
        credits_micro=row.credits_micro,
        bonus_micro=row.bonus_micro,
        refund_ref=row.refund_ref,
        bank_ref=row.bank_ref,
        reason=row.reason,
        started_by=row.started_by,
        error_code=row.error_code,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def dispute_row(row: Dispute) -> DisputeRow:
    return DisputeRow(
        id=row.id,
        top_up_id=row.top_up_id,
        payment_ref=row.attempt.payment_ref,
        dispute_ref=row.dispute_ref,
        status=DisputeStatus(row.status),
        amount_minor=row.amount_minor,
        credits_micro=row.credits_micro,
        reason_code=row.reason_code,
        respond_by=row.respond_by,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def _may_be_refunded(top_up: TopUp) -> bool:
    return TopUpState(top_up.state) in (TopUpState.PAID, TopUpState.PARTLY_REFUNDED)
