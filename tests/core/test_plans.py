"""Months and what becomes of a plan: around month ends, across changes, and however payments come."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.billing.core.plans import Period, Plan, months_later
from khata.billing.core.subscription_life import (
    RENEWAL_AHEAD,
    Started,
    Subscription,
    SubscriptionState,
    cancel,
    change_plan,
    end_period,
    look_due_at,
    start_period,
    wants_renewal,
)

IST = ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")
A, B, FREE_ID = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 1, 31, 6, 30, tzinfo=UTC)
NEVER = Subscription(SubscriptionState.PENDING, A)


def plan(id_: UUID = A, fee_minor: int = 100_000) -> Plan:
    return Plan(id_, "p", "P", fee_minor, 1, 1, (), True)


FREE = plan(FREE_ID, 0)


def running(now: datetime = NOW, plan_id: UUID = A) -> Subscription:
    return start_period(NEVER, plan_id, now, IST).subscription


def until(subscription: Subscription) -> datetime:
    assert subscription.paid_until is not None
    return subscription.paid_until


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (1, "2026-02-28"),
        (2, "2026-03-31"),
        (3, "2026-04-30"),
        (12, "2027-01-31"),
        (25, "2028-02-29"),
        (1200, "2126-01-31"),
    ],
)
def test_the_last_day_of_a_month_stays_the_last_day(months: int, expected: str) -> None:
    assert months_later(NOW, months, IST).astimezone(IST).date().isoformat() == expected


@pytest.mark.parametrize("day", [29, 30, 31])
def test_a_day_a_month_does_not_have_is_its_last_one_and_comes_back(day: int) -> None:
    anchor = datetime(2027, 1, day, 12, tzinfo=IST)
    assert [months_later(anchor, months, IST).day for months in (1, 2)] == [28, day]


def test_the_day_is_the_organisations_own() -> None:
    late_in_utc = datetime(2026, 1, 30, 20, tzinfo=UTC)
    assert months_later(late_in_utc, 1, IST).astimezone(IST).isoformat() == "2026-02-28T01:30:00+05:30"


def test_the_local_time_stays_across_a_change_of_the_clocks() -> None:
    anchor = datetime(2026, 2, 15, 9, tzinfo=NEW_YORK)
    assert months_later(anchor, 1, NEW_YORK).astimezone(NEW_YORK).hour == 9


STEPS = st.lists(
    st.tuples(st.integers(min_value=0, max_value=70 * 24 * 3600), st.sampled_from([A, B])), min_size=1, max_size=30
)


@given(
    start_s=st.integers(min_value=0, max_value=4_000_000_000),
    steps=STEPS,
    zone=st.sampled_from([IST, NEW_YORK, ZoneInfo("Pacific/Apia"), ZoneInfo("UTC")]),
)
def test_periods_never_overlap_and_follow_each_other_while_paid_in_time(
    start_s: int, steps: list[tuple[int, UUID]], zone: ZoneInfo
) -> None:
    now = datetime.fromtimestamp(start_s, UTC)
    subscription, periods = NEVER, list[Period]()
    for wait_s, plan_id in steps:
        now += timedelta(seconds=wait_s)
        ended = end_period(subscription, plan(), now, zone)
        subscription = ended if isinstance(ended, Subscription) else subscription
        started = start_period(subscription, plan_id, now, zone)
        was_running = subscription.is_running(now)
        if periods:
            assert started.period.starts_at >= periods[-1].ends_at
        if periods and was_running:
            assert started.period.starts_at == periods[-1].ends_at
        if not was_running:
            assert started.period.starts_at == now
        assert timedelta(days=26) < started.period.ends_at - started.period.starts_at < timedelta(days=33)
        assert started.period.number == len(periods) + 1
        subscription = started.subscription
        periods.append(started.period)
    assert subscription.paid_until == periods[-1].ends_at


@given(months=st.integers(min_value=1, max_value=36))
def test_many_months_paid_in_time_end_on_the_day_they_began(months: int) -> None:
    subscription = NEVER
    for _ in range(months):
        subscription = start_period(subscription, A, subscription.paid_until or NOW, IST).subscription
    assert subscription.paid_until == months_later(NOW, months, IST)


def test_a_free_plans_months_are_gapless_however_late_somebody_looks() -> None:
    subscription = running(plan_id=FREE_ID)
    after = end_period(subscription, FREE, until(subscription) + timedelta(days=3), IST)
    assert isinstance(after, Started)
    assert after.period.starts_at == until(subscription)


def test_a_free_plan_nobody_looked_at_for_months_starts_afresh() -> None:
    subscription = running(plan_id=FREE_ID)
    now = until(subscription) + timedelta(days=100)
    after = end_period(subscription, FREE, now, IST)
    assert isinstance(after, Started)
    assert (after.period.starts_at, after.subscription.anchor_at) == (now, now)


def test_nothing_ends_while_it_is_paid() -> None:
    subscription = running()
    assert end_period(subscription, plan(), until(subscription) - timedelta(seconds=1), IST) is None


@pytest.mark.parametrize(
    ("is_ending", "state"), [(False, SubscriptionState.LAPSED), (True, SubscriptionState.CANCELLED)]
)
def test_what_is_not_paid_on_lapses_and_what_was_cancelled_is_cancelled(
    is_ending: bool, state: SubscriptionState
) -> None:
    subscription = cancel(running()) if is_ending else running()
    after = end_period(subscription, plan(), until(subscription), IST)
    assert isinstance(after, Subscription)
    assert (after.state, after.is_ending) == (state, False)
    assert end_period(after, plan(), until(subscription), IST) is None


@pytest.mark.parametrize("state", [SubscriptionState.LAPSED, SubscriptionState.CANCELLED])
def test_a_late_payment_starts_a_fresh_month_with_a_day_of_its_own(state: SubscriptionState) -> None:
    subscription = running()
    now = until(subscription) + timedelta(days=10)
    ended = end_period(cancel(subscription) if state is SubscriptionState.CANCELLED else subscription, plan(), now, IST)
    assert isinstance(ended, Subscription)
    started = start_period(ended, A, now, IST)
    assert (started.period.starts_at, started.period.ends_at) == (now, months_later(now, 1, IST))
    assert (started.subscription.state, started.period.number) == (SubscriptionState.ACTIVE, 2)


def test_a_renewal_is_wanted_in_the_last_three_days_alone() -> None:
    subscription = running()
    begins = until(subscription) - RENEWAL_AHEAD
    assert not wants_renewal(subscription, plan(), begins - timedelta(seconds=1))
    assert wants_renewal(subscription, plan(), begins)
    assert not wants_renewal(subscription, plan(), until(subscription))
    assert not wants_renewal(subscription, FREE, begins)
    assert not wants_renewal(cancel(subscription), plan(), begins)


def test_paying_takes_a_cancellation_back() -> None:
    subscription = cancel(running())
    assert not start_period(subscription, A, NOW, IST).subscription.is_ending


def test_paying_for_the_present_plan_leaves_a_later_change_waiting() -> None:
    subscription = change_plan(running(), B)
    assert start_period(subscription, A, NOW, IST).subscription.next_plan_id == B
    assert start_period(subscription, B, NOW, IST).subscription.next_plan_id is None


def test_choosing_the_present_plan_undoes_a_change() -> None:
    assert change_plan(change_plan(running(), B), A) == running()
    assert change_plan(cancel(running()), A) == running()


def test_time_next_acts_at_the_renewal_then_at_the_end() -> None:
    subscription = running()
    end = until(subscription)
    assert look_due_at(subscription, plan(), is_asked_for=False) == end - RENEWAL_AHEAD
    assert look_due_at(subscription, plan(), is_asked_for=True) == end
    assert look_due_at(subscription, FREE, is_asked_for=False) == end
    assert look_due_at(cancel(subscription), plan(), is_asked_for=False) == end
    assert look_due_at(NEVER, plan(), is_asked_for=False) is None
