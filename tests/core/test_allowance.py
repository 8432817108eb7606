"""Rate and caps: what one minute, one day and one month let through, decided without a clock."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.messaging.core.allowance import MICRO_PER_MESSAGE, Allowance, CapReached, Limits, RateReached, renew, take

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
CREDIT = 1_000_000


def taken(limits: Limits, count: int, *, kept: Allowance | None = None, now: datetime = NOW) -> tuple[int, Allowance]:
    """How many of `count` one-credit messages go through, and what is left."""
    allowance, passed = renew(kept, limits, now, now.date()), 0
    for _ in range(count):
        left = take(allowance, limits, CREDIT)
        if isinstance(left, Allowance):
            allowance, passed = left, passed + 1
    return passed, allowance


def test_a_fresh_bucket_holds_one_minutes_messages() -> None:
    assert taken(Limits(messages_per_minute_max=10), 25)[0] == 10


def test_an_empty_bucket_says_when_the_next_message_fits() -> None:
    limits = Limits(messages_per_minute_max=10)
    _, empty = taken(limits, 10)
    assert take(empty, limits, CREDIT) == RateReached(retry_after_s=6)
    later = renew(empty, limits, NOW + timedelta(seconds=6), TODAY)
    assert isinstance(take(later, limits, CREDIT), Allowance)


def test_a_bucket_never_holds_more_than_one_minute() -> None:
    limits = Limits(messages_per_minute_max=10)
    _, empty = taken(limits, 10)
    assert taken(limits, 100, kept=empty, now=NOW + timedelta(days=3))[0] == 10


def test_a_clock_that_steps_back_fills_nothing_and_takes_nothing() -> None:
    limits = Limits(messages_per_minute_max=10)
    _, left = taken(limits, 4)
    assert renew(left, limits, NOW - timedelta(minutes=5), TODAY) == left


def test_a_lowered_limit_empties_the_bucket_to_its_size() -> None:
    _, full = taken(Limits(messages_per_minute_max=1_000), 0)
    assert taken(Limits(messages_per_minute_max=3), 10, kept=full)[0] == 3


def test_a_cap_stops_at_its_last_credit_and_says_what_was_used() -> None:
    limits = Limits(credits_per_day_max=3 * CREDIT)
    passed, left = taken(limits, 5)
    assert passed == 3
    assert take(left, limits, CREDIT) == CapReached("day", 3 * CREDIT, 3 * CREDIT)


def test_a_message_that_would_pass_the_cap_is_refused_and_a_cheaper_one_is_not() -> None:
    limits = Limits(credits_per_day_max=3 * CREDIT)
    _, left = taken(limits, 2)
    assert isinstance(take(left, limits, 2 * CREDIT), CapReached)
    assert isinstance(take(left, limits, CREDIT), Allowance)


@pytest.mark.parametrize(
    ("day", "today", "month"),
    [(TODAY, 7, 9), (date(2026, 11, 24), 0, 9), (date(2026, 12, 1), 0, 0), (date(2027, 11, 23), 0, 0)],
)
def test_caps_begin_anew_with_their_day_and_month(day: date, today: int, month: int) -> None:
    kept = Allowance(0, NOW, TODAY, 7, 9)
    renewed = renew(kept, Limits(credits_per_day_max=10), NOW, day)
    assert (renewed.credits_today, renewed.credits_this_month) == (today, month)


def test_what_is_not_limited_is_let_through_and_still_counted() -> None:
    passed, left = taken(Limits(credits_per_month_max=None), 50)
    assert (passed, left.credits_today, left.credits_this_month) == (50, 50 * CREDIT, 50 * CREDIT)


@given(
    rate=st.integers(1, 600),
    waits=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 50)), max_size=20),
)
def test_no_more_passes_than_a_full_bucket_and_what_has_flowed_in_since(
    rate: int, waits: list[tuple[int, int]]
) -> None:
    limits, now, kept, passed = Limits(messages_per_minute_max=rate), NOW, None, 0
    for seconds, count in waits:
        now += timedelta(seconds=seconds)
        went, kept = taken(limits, count, kept=kept, now=now)
        passed += went
        assert 0 <= kept.messages_micro <= rate * MICRO_PER_MESSAGE
        assert passed <= rate + rate * (now - NOW).total_seconds() / 60
