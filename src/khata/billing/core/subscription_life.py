"""The life of an organisation's plan.

    pending → active → (renewed: active) | lapsed | cancelled        lapsed | cancelled → active, by a new payment

Everything takes effect at the end of the period that is paid; nothing is prorated. A payment always brings a whole
period: after the last one while that still runs, from then where it has ended. So periods follow each other without
gaps for as long as they are paid in time, and never overlap.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from khata.billing.core.plans import Period, Plan, months_later

RENEWAL_AHEAD = timedelta(days=3)
"""How long before a period's end its renewal can be paid, and is asked for."""


class SubscriptionState(StrEnum):
    PENDING = "pending"
    """Its first payment has not come."""
    ACTIVE = "active"
    LAPSED = "lapsed"
    """A period ended and the next one was not paid."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Our row, as it stands under its lock. Instants are None until the first period."""

    state: SubscriptionState
    plan_id: UUID
    """Of the last period, or the one waiting for its first payment."""
    next_plan_id: UUID | None = None
    """Chosen for when what is paid ends; None for the same one."""
    is_ending: bool = False
    """Cancelled, and running until what is paid ends."""
    paid_until: datetime | None = None
    anchor_at: datetime | None = None
    """Where the present row of periods began: its day and time are every period's."""
    anchor_months: int = 0
    """How many periods that row has."""
    periods_count: int = 0

    def is_running(self, now: datetime) -> bool:
        return self.is_paid_up(now) and now != self.paid_until

    def is_paid_up(self, at: datetime) -> bool:
        """Whether a period that starts then would leave no gap."""
        return self.state is SubscriptionState.ACTIVE and self.paid_until is not None and at <= self.paid_until


@dataclass(frozen=True, slots=True)
class Started:
    """A new period, and the subscription with it."""

    subscription: Subscription
    period: Period


def start_period(subscription: Subscription, plan_id: UUID, at: datetime, zone: ZoneInfo) -> Started:
    """The next period: after the last one where that has not ended by `at`, else from `at`.

    Paying is choosing: it takes back a cancellation, and the change that was waiting has happened.
    """
    anchor_at, starts_at, months = subscription.anchor_at, subscription.paid_until, subscription.anchor_months + 1
    if anchor_at is None or starts_at is None or not subscription.is_paid_up(at):
        anchor_at, starts_at, months = at, at, 1
    period = Period(
        number=subscription.periods_count + 1,
        plan_id=plan_id,
        starts_at=starts_at,
        ends_at=months_later(anchor_at, months, zone),
    )
    after = Subscription(
        state=SubscriptionState.ACTIVE,
        plan_id=plan_id,
        next_plan_id=None if plan_id == subscription.next_plan_id else subscription.next_plan_id,
        paid_until=period.ends_at,
        anchor_at=anchor_at,
        anchor_months=months,
        periods_count=period.number,
    )
    return Started(after, period)


def change_plan(subscription: Subscription, plan_id: UUID) -> Subscription:
    """Another plan from the end of what is paid; choosing the present one takes a change or cancellation back."""
    next_plan_id = None if plan_id == subscription.plan_id else plan_id
    return replace(subscription, next_plan_id=next_plan_id, is_ending=False)


def cancel(subscription: Subscription) -> Subscription:
    """No further period; the present one runs to its end."""
    return replace(subscription, next_plan_id=None, is_ending=True)


def end_period(
    subscription: Subscription, next_plan: Plan, now: datetime, zone: ZoneInfo
) -> Subscription | Started | None:
    """What the end of what is paid brings: nothing yet (None), a free plan's next period, or the end."""
    if subscription.state is not SubscriptionState.ACTIVE or subscription.is_running(now):
        return None
    if subscription.is_ending:
        return replace(subscription, state=SubscriptionState.CANCELLED, is_ending=False, next_plan_id=None)
    if next_plan.is_free:
        return start_period(subscription, next_plan.id, _free_start_at(subscription, now, zone), zone)
    return replace(subscription, state=SubscriptionState.LAPSED)


def wants_renewal(subscription: Subscription, next_plan: Plan, now: datetime) -> bool:
    """Whether the next period is to be asked for now."""
    if not subscription.is_running(now) or subscription.is_ending or next_plan.is_free:
        return False
    assert subscription.paid_until is not None
    return now >= subscription.paid_until - RENEWAL_AHEAD


def look_due_at(subscription: Subscription, next_plan: Plan, *, is_asked_for: bool) -> datetime | None:
    """When time will next do something to it; None for never."""
    if subscription.state is not SubscriptionState.ACTIVE or subscription.paid_until is None:
        return None
    is_renewal_next = not (is_asked_for or subscription.is_ending or next_plan.is_free)
    return subscription.paid_until - RENEWAL_AHEAD if is_renewal_next else subscription.paid_until


def _free_start_at(subscription: Subscription, now: datetime, zone: ZoneInfo) -> datetime:
    """Where the last period ended; now where nobody looked for so long that the next one would be over already."""
    assert subscription.anchor_at is not None
    assert subscription.paid_until is not None
    would_end_at = months_later(subscription.anchor_at, subscription.anchor_months + 1, zone)
    return subscription.paid_until if now < would_end_at else now
