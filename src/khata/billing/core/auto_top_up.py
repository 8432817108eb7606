"""Auto top-up: when credits are bought without anybody pressing a button, and when that stops by itself.

    off → pending_mandate → on ⇄ paused          from anywhere back to off, whenever the owner says so

At most one payment is under way at a time, and all that was taken or may still be taken within a calendar month stays
within the cap, in whatever order banks answer. What is not known counts as taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from khata.billing.core.checks import CHECKS_END_AFTER
from khata.billing.core.top_up_facts import TopUpState

RATE_SPAN = timedelta(days=7)
"""Whose use says how fast credits go."""

MARGIN = timedelta(hours=24)
"""Credits should last this much longer than a payment takes to arrive."""

BACK_OFF = (timedelta(hours=6), timedelta(hours=24))
"""After the first and the second payment that did not succeed; the third pauses."""


class AutoTopUpState(StrEnum):
    OFF = "off"
    PENDING_MANDATE = "pending_mandate"
    ON = "on"
    PAUSED = "paused"


class PauseReason(StrEnum):
    DECLINED = "declined"
    CAP_REACHED = "cap_reached"
    TAKEN_BACK = "taken_back"
    UNCLEAR = "unclear"
    ABOVE_MANDATE = "above_mandate"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the owner chose, and what a payment takes today, tax included."""

    total_minor: int
    cap_minor: int
    mandate_max_minor: int
    """The most the payer's bank lets one payment take."""
    level_micro: int
    notice: timedelta
    """How long a payment takes to arrive, since the payer must be told before it."""


@dataclass(frozen=True, slots=True)
class AutoFacts:
    state: AutoTopUpState
    pause_reason: PauseReason | None = None
    failures_count: int = 0
    next_try_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AutomaticTopUp:
    """One top-up that was begun by itself."""

    state: TopUpState
    total_minor: int
    created_at: datetime
    paid_at: datetime | None = None
    is_clear: bool = True
    """Of one that ended without credits: whether the payer was certainly not charged."""
    is_known: bool = False
    """Of one that was refunded or disputed: whether the owner has gone on since."""


@dataclass(frozen=True, slots=True)
class Use:
    """Micro-credits; `used` within RATE_SPAN."""

    available: int
    used: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """Leave it as it is."""


@dataclass(frozen=True, slots=True)
class Charge:
    total_minor: int


@dataclass(frozen=True, slots=True)
class Pause:
    reason: PauseReason


@dataclass(frozen=True, slots=True)
class Resume:
    """What it was paused for is over."""


Decision = Nothing | Charge | Pause | Resume

_SECOND = timedelta(seconds=1)

TAKEN_BACK = frozenset(
    {TopUpState.PARTLY_REFUNDED, TopUpState.REFUNDED, TopUpState.DISPUTED, TopUpState.REVERSED},
)


def decide(
    terms: Terms,
    facts: AutoFacts,
    automatic: Sequence[AutomaticTopUp],
    use: Use,
    *,
    month_began_at: datetime,
    now: datetime,
) -> Decision:
    """`automatic` are all that may matter: those of this month and those not known to be over."""
    has_room = counted_minor(automatic, month_began_at, now) + terms.total_minor <= terms.cap_minor
    if facts.state is AutoTopUpState.PAUSED:
        return Resume() if facts.pause_reason is PauseReason.CAP_REACHED and has_room else Nothing()
    if facts.state is not AutoTopUpState.ON:
        return Nothing()
    if any(each.state in TAKEN_BACK and not each.is_known for each in automatic):
        return Pause(PauseReason.TAKEN_BACK)
    if any(each.state is TopUpState.REVIEW and not each.is_known for each in automatic):
        return Pause(PauseReason.UNCLEAR)
    if is_under_way(automatic) or not _is_time(facts, now) or not is_needed(terms, use):
        return Nothing()
    if terms.total_minor > terms.mandate_max_minor:
        return Pause(PauseReason.ABOVE_MANDATE)
    return Charge(terms.total_minor) if has_room else Pause(PauseReason.CAP_REACHED)


def after_end(facts: AutoFacts, ended: TopUpState, now: datetime) -> AutoFacts:
    """What the end of the one under way makes of it: the next try comes later, after the third none does."""
    if ended.is_credited or ended is TopUpState.REVIEW:
        return replace(facts, failures_count=0, next_try_at=None)
    count = facts.failures_count + 1
    if count <= len(BACK_OFF):
        return replace(facts, failures_count=count, next_try_at=now + BACK_OFF[count - 1])
    is_on = facts.state is AutoTopUpState.ON
    paused = AutoFacts(AutoTopUpState.PAUSED, PauseReason.DECLINED) if is_on else facts
    return replace(paused, failures_count=count, next_try_at=None)


def is_under_way(automatic: Iterable[AutomaticTopUp]) -> bool:
    return any(each.state.is_open for each in automatic)


def is_needed(terms: Terms, use: Use) -> bool:
    """Below the level, or gone before a payment begun now would have arrived."""
    arrival_s, span_s = (terms.notice + MARGIN) // _SECOND, RATE_SPAN // _SECOND
    return use.available < terms.level_micro or use.available * span_s < use.used * arrival_s


def counted_minor(automatic: Iterable[AutomaticTopUp], month_began_at: datetime, now: datetime) -> int:
    """What counts towards the cap of the month: taken in it, begun in it and taken, or perhaps still to be taken."""
    return sum(each.total_minor for each in automatic if _counts(each, month_began_at, now))


def month_began_at(local: datetime) -> datetime:
    """Of the organisation's calendar month that `local`, in its own time zone, lies in."""
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _counts(each: AutomaticTopUp, month_began_at: datetime, now: datetime) -> bool:
    if each.state.is_open:
        return True
    if each.state.is_credited or each.state is TopUpState.REVIEW:
        return max(each.created_at, each.paid_at or each.created_at) >= month_began_at
    # Its bank may still say yes.
    return not each.is_clear and now < each.created_at + CHECKS_END_AFTER


def _is_time(facts: AutoFacts, now: datetime) -> bool:
    return facts.next_try_at is None or now >= facts.next_try_at
