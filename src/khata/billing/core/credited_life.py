"""What becomes of a top-up that was credited: derived from all its refunds and disputes, never stepped."""

from datetime import datetime

from khata.billing.core import dispute_life
from khata.billing.core.checks import next_reversal_check_at
from khata.billing.core.refund_life import RefundState
from khata.billing.core.top_up_facts import TopUpFacts, TopUpState
from khata.payments.reversals import DisputeStatus


def credited_state(facts: TopUpFacts) -> TopUpState:
    """What became of a credited top-up, from all refunds and disputes of its payment."""
    statuses = {dispute.status for dispute in facts.disputes.values() if dispute.payment_ref == facts.credited_ref}
    if DisputeStatus.LOST in statuses:
        return TopUpState.REVERSED
    if any(dispute_life.is_open(status) for status in statuses):
        return TopUpState.DISPUTED
    refunded_minor = sum(
        refund.amount_minor
        for refund in facts.refunds
        if refund.payment_ref == facts.credited_ref and refund.state is RefundState.PROCESSED
    )
    if not refunded_minor:
        return TopUpState.PAID
    return TopUpState.REFUNDED if refunded_minor >= facts.total_minor else TopUpState.PARTLY_REFUNDED


def reversal_check_due_at(facts: TopUpFacts, now: datetime) -> datetime | None:
    """When to ask again about a credited top-up: while the outcome of a refund or dispute is to come, else never."""
    is_refund_open = any(refund.state is RefundState.PENDING for refund in facts.refunds)
    is_dispute_open = any(dispute_life.is_open(dispute.status) for dispute in facts.disputes.values())
    return next_reversal_check_at(now) if is_refund_open or is_dispute_open else None
