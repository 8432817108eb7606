"""The life of a top-up: what one reading of the gateway makes of it.

    created → pending → paid              created | pending → failed | cancelled | expired
    failed | cancelled | expired → paid   (a bank that confirms late)      any mismatch of money → review

Only a reading of the gateway decides. `paid` is never taken back here, one top-up is credited for one payment only,
and where the gateway's figures differ from our own row nothing is credited at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from khata.billing.core.checks import CHECKS_END_AFTER, next_check_at
from khata.payments.port import Mode, Payment, PaymentStatus, Refused, Snapshot, Unavailable


class TopUpState(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REVIEW = "review"

    @property
    def is_open(self) -> bool:
        """Whether the payer may still be on the way."""
        return self in (TopUpState.CREATED, TopUpState.PENDING)


@dataclass(frozen=True, slots=True)
class TopUpFacts:
    """Our own row, as it stands under its lock."""

    state: TopUpState
    order_ref: str | None
    mode: Mode
    total_minor: int
    currency: str
    created_at: datetime
    expires_at: datetime
    attempts: Mapping[str, PaymentStatus]
    """What was last stored of each payment, by its reference."""
    credited_ref: str | None
    """The payment this top-up was credited for."""


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


def decide(facts: TopUpFacts, evidence: Evidence, now: datetime) -> TopUpDecision:
    if not isinstance(evidence, Snapshot):
        return _decide_without_snapshot(facts, evidence, now)
    payments = tuple(payment for payment in evidence.payments if not _is_stale(facts, payment))
    captured = tuple(payment for payment in payments if payment.status is PaymentStatus.CAPTURED)
    mismatch = _order_mismatch(facts, evidence)
    good = () if mismatch else tuple(payment for payment in captured if not _payment_mismatch(facts, payment))
    if captured and not good and not mismatch:
        mismatch = _payment_mismatch(facts, captured[0])
    # A payment that names another order belongs to another row.
    attempts = tuple(payment for payment in payments if payment.order_ref == facts.order_ref)
    return _Reading(facts, attempts, captured, good, mismatch, evidence.is_paid).decision(now)


def may_cancel(facts: TopUpFacts) -> bool:
    """Only what is open and has no attempt on its way; a bank that is still thinking might say yes."""
    return facts.state.is_open and not any(_is_in_flight(status) for status in facts.attempts.values())


@dataclass(frozen=True, slots=True)
class _Reading:
    """A snapshot held against our row."""

    facts: TopUpFacts
    attempts: tuple[Payment, ...]
    captured: tuple[Payment, ...]
    good: tuple[Payment, ...]
    """Captured, and equal to our row in every figure."""
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
                payment.payment_ref for payment in self.captured if credited_ref not in (None, payment.payment_ref)
            ),
        )

    def _credit(self) -> Payment | None:
        if self.facts.state in _DONE or not self.good:
            return None
        return min(self.good, key=lambda payment: (payment.created_at, payment.payment_ref))

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


_DONE = (TopUpState.PAID, TopUpState.REVIEW)
"""States no reading changes: one is final here, the other waits for a person."""


def _decide_without_snapshot(facts: TopUpFacts, evidence: Refused | Unavailable | None, now: datetime) -> TopUpDecision:
    """Silence proves nothing: the state stays, until there is no order to be paid or no hope of an answer."""
    if facts.state in _DONE:
        return TopUpDecision(facts.state, None)
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


def _is_stale(facts: TopUpFacts, payment: Payment) -> bool:
    """Two readings can be applied in the other order than they were made; a payment's status only rises."""
    stored = facts.attempts.get(payment.payment_ref)
    return stored is not None and _RANKS[payment.status] < _RANKS[stored]


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
