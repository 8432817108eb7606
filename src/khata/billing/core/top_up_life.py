"""The life of a top-up: what one reading of the gateway makes of it.

    created → pending → paid              created | pending → failed | cancelled | expired
    failed | cancelled | expired → paid   (a bank that confirms late)      any mismatch of money → review
    paid → partly_refunded → refunded     paid → disputed → paid (won) | reversed (lost)

Only a reading of the gateway decides. One top-up is credited for one payment only, and where the gateway's figures
differ from our own row nothing is credited at all. A credited top-up's state says what became of its payment: it is
derived from all refunds and disputes known, so it does not matter in which order they were learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from khata.billing.core.checks import CHECKS_END_AFTER, next_check_at
from khata.billing.core.credited_life import credited_state, reversal_check_due_at
from khata.billing.core.dispute_life import DisputeFacts, dispute_changes
from khata.billing.core.refund_life import RefundChange, RefundFacts, RefundState, after_changes, refund_changes
from khata.billing.core.top_up_facts import CREDITED, TopUpFacts, TopUpState
from khata.payments.port import Payment, PaymentStatus, Refused, Snapshot, Unavailable
from khata.payments.reversals import Dispute, RefundStatus
from khata.payments.ways import PayBy

__all__ = ["Evidence", "TopUpDecision", "TopUpFacts", "TopUpState", "decide", "may_cancel"]


Evidence = Snapshot | Refused | Unavailable | None
"""What the gateway said; None where it has no order of this top-up yet, so that nobody can have paid."""


@dataclass(frozen=True, slots=True)
class TopUpDecision:
    state: TopUpState
    check_due_at: datetime | None
    """When to ask the gateway again; None for never."""
    credit: Payment | None = None
    """The payment to credit now."""
    is_late: bool = False
    """The credited payment had been given up before."""
    review_reason: str = ""
    attempts: tuple[Payment, ...] = ()
    """To be stored."""
    surplus_refs: frozenset[str] = frozenset()
    """Captured, but not what was credited: money to be given back."""
    refunds: tuple[RefundChange, ...] = ()
    """To be written, in this order."""
    disputes: tuple[Dispute, ...] = ()
    """To be written."""


def decide(facts: TopUpFacts, evidence: Evidence, now: datetime) -> TopUpDecision:
    if not isinstance(evidence, Snapshot):
        return _decide_without_snapshot(facts, evidence, now)
    refunds = after_changes(facts.refunds, refund_changes(facts.refunds, evidence.refunds))
    payments = tuple(payment for payment in evidence.payments if not _is_stale(facts, refunds, payment))
    taken = tuple(payment for payment in payments if _is_taken(payment, evidence))
    mismatch = _order_mismatch(facts, evidence)
    good = () if mismatch else tuple(payment for payment in taken if not _payment_mismatch(facts, payment))
    if taken and not good and not mismatch:
        mismatch = _payment_mismatch(facts, taken[0])
    # A payment that names another order belongs to another row.
    attempts = tuple(payment for payment in payments if payment.order_ref == facts.order_ref)
    decision = _Reading(facts, attempts, taken, good, mismatch, evidence.is_paid).decision(now)
    return _with_reversals(facts, evidence, decision, now)


def may_cancel(facts: TopUpFacts) -> bool:
    """Only what is open and has no attempt on its way; a bank that is still thinking might say yes."""
    return facts.state.is_open and not any(_is_in_flight(status) for status in facts.attempts.values())


@dataclass(frozen=True, slots=True)
class _Reading:
    """A snapshot held against our row."""

    facts: TopUpFacts
    attempts: tuple[Payment, ...]
    taken: tuple[Payment, ...]
    good: tuple[Payment, ...]
    """Taken, and equal to our row in every figure."""
    mismatch: str
    is_paid: bool

    def decision(self, now: datetime) -> TopUpDecision:
        credit = self._credit()
        state = TopUpState.PAID if credit else self._state(now)
        credited_ref = credit.payment_ref if credit else self.facts.credited_ref
        is_given_up = state.is_open and now >= self.facts.created_at + CHECKS_END_AFTER
        return TopUpDecision(
            state=TopUpState.REVIEW if is_given_up else state,
            check_due_at=None if state in _DONE else next_check_at(self.facts.created_at, now),
            credit=credit,
            is_late=credit is not None and self._is_late(credit),
            review_reason="no_outcome" if is_given_up else self.mismatch,
            attempts=self.attempts,
            surplus_refs=frozenset(
                payment.payment_ref for payment in self.taken if credited_ref not in (None, payment.payment_ref)
            ),
        )

    def _credit(self) -> Payment | None:
        if self.facts.state in _DONE or not self.good:
            return None
        return min(
            self.good,
            key=lambda payment: (
                payment.status is PaymentStatus.REFUNDED,
                payment.created_at,
                payment.payment_ref,
            ),
        )

    def _is_late(self, credit: Payment) -> bool:
        earlier = self.facts.attempts.get(credit.payment_ref)
        return earlier is PaymentStatus.FAILED or self.facts.state in (TopUpState.CANCELLED, TopUpState.EXPIRED)

    def _state(self, now: datetime) -> TopUpState:
        state = self.facts.state
        if state in _DONE:
            return state
        if self.mismatch:
            return TopUpState.REVIEW
        if self._is_awaited():
            return TopUpState.PENDING
        if not state.is_open:
            return state
        if self.facts.pay_by is not PayBy.CHECKOUT and now < self.facts.expires_at:
            # A link or a code goes on taking payments after one that failed.
            return TopUpState.PENDING
        if self._statuses():
            return TopUpState.FAILED
        return TopUpState.EXPIRED if now >= self.facts.expires_at else state

    def _is_awaited(self) -> bool:
        statuses = self._statuses()
        # An order can read as paid a moment before its payment reads as captured; it stays paid when that is refunded.
        is_capture_hidden = self.is_paid and PaymentStatus.REFUNDED not in statuses
        return is_capture_hidden or any(_is_in_flight(status) for status in statuses)

    def _statuses(self) -> set[PaymentStatus]:
        """Of every payment known: as read now, or as stored where this reading is older than that."""
        return set(
            ({**self.facts.attempts} | {payment.payment_ref: payment.status for payment in self.attempts}).values()
        )


def _with_reversals(facts: TopUpFacts, snapshot: Snapshot, decision: TopUpDecision, now: datetime) -> TopUpDecision:
    """The same, with what the gateway says of refunds and disputes of this order's payments."""
    refs = facts.attempts.keys() | {payment.payment_ref for payment in decision.attempts}
    refunds = refund_changes(facts.refunds, [r for r in snapshot.refunds if r.payment_ref in refs])
    disputes = dispute_changes(facts.disputes, [d for d in snapshot.disputes if d.payment_ref in refs])
    after = replace(
        facts,
        credited_ref=decision.credit.payment_ref if decision.credit else facts.credited_ref,
        refunds=after_changes(facts.refunds, refunds),
        disputes={**facts.disputes} | {d.dispute_ref: DisputeFacts(d.payment_ref, d.status) for d in disputes},
    )
    is_credited = decision.state.is_credited
    return replace(
        decision,
        state=credited_state(after) if is_credited else decision.state,
        # A payment under review can be disputed, too.
        check_due_at=reversal_check_due_at(after, now) if decision.state in _DONE else decision.check_due_at,
        refunds=refunds,
        disputes=disputes,
    )


_DONE = CREDITED | {TopUpState.REVIEW}
"""States a payment changes no more: it was credited, or waits for a person."""


def _decide_without_snapshot(facts: TopUpFacts, evidence: Refused | Unavailable | None, now: datetime) -> TopUpDecision:
    """Silence proves nothing: the state stays, until there is no order to be paid or no hope of an answer."""
    if facts.state in _DONE:
        return TopUpDecision(facts.state, reversal_check_due_at(facts, now))
    if evidence is None and facts.state.is_open and now >= facts.expires_at:
        return TopUpDecision(TopUpState.EXPIRED, None)
    if evidence is None:
        return TopUpDecision(facts.state, facts.expires_at if facts.state.is_open else None)
    check_due_at = next_check_at(facts.created_at, now)
    if check_due_at is None and facts.state.is_open:
        return TopUpDecision(TopUpState.REVIEW, None, review_reason="no_answer")
    return TopUpDecision(facts.state, check_due_at)


_RANKS = {
    PaymentStatus.CREATED: 0,
    PaymentStatus.FAILED: 1,
    PaymentStatus.AUTHORISED: 2,
    PaymentStatus.CAPTURED: 3,
    PaymentStatus.REFUNDED: 4,
}


def _is_stale(facts: TopUpFacts, refunds: Sequence[RefundFacts], payment: Payment) -> bool:
    """Two readings can be applied in the other order than they were made; a payment's status only rises.

    But for one that went back and did not arrive: it is captured again, and its refunds tell.
    """
    stored = facts.attempts.get(payment.payment_ref)
    if stored is PaymentStatus.REFUNDED and payment.status is PaymentStatus.CAPTURED:
        return not _came_back(payment, [r for r in refunds if r.payment_ref == payment.payment_ref])
    return stored is not None and _RANKS[payment.status] < _RANKS[stored]


def _came_back(payment: Payment, refunds: Sequence[RefundFacts]) -> bool:
    """Whether a refund of it failed, and those that did not are less than all of it."""
    standing = [refund for refund in refunds if refund.state is not RefundState.FAILED]
    return len(standing) < len(refunds) and sum(r.amount_minor for r in standing) < payment.amount_minor


def _is_taken(payment: Payment, snapshot: Snapshot) -> bool:
    """Captured now, or so before all of it went back: then it is credited and taken again, as if seen in between.

    An authorisation that was never captured is called refunded, too, but neither is its order paid nor a refund made.
    """
    if payment.status is not PaymentStatus.REFUNDED:
        return payment.status is PaymentStatus.CAPTURED
    refunded_minor = sum(
        refund.amount_minor
        for refund in snapshot.refunds
        if refund.payment_ref == payment.payment_ref and refund.status is not RefundStatus.FAILED
    )
    return snapshot.is_paid and refunded_minor == payment.amount_minor


def _order_mismatch(facts: TopUpFacts, snapshot: Snapshot) -> str:
    if snapshot.mode != facts.mode:
        return "mode_differs"
    if snapshot.order.order_ref != facts.order_ref:
        return "order_differs"
    if snapshot.order.currency != facts.currency:
        return "currency_differs"
    is_short = snapshot.is_paid and snapshot.paid_minor < facts.total_minor
    return "amount_differs" if is_short or snapshot.order.amount_minor != facts.total_minor else ""


def _payment_mismatch(facts: TopUpFacts, payment: Payment) -> str:
    if payment.order_ref != facts.order_ref:
        return "order_differs"
    if payment.currency != facts.currency:
        return "currency_differs"
    return "amount_differs" if payment.amount_minor != facts.total_minor else ""


def _is_in_flight(status: PaymentStatus) -> bool:
    return status in (PaymentStatus.CREATED, PaymentStatus.AUTHORISED)
