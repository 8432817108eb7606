"""30, 7 and 1 days before an expiry: each mark once, and none that lay in the past when the lot was made."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.notices.core.expiry_marks import MARKS_DAYS, mark_due

EXPIRES_AT = datetime(2026, 12, 31, 18, 30, tzinfo=UTC)
LONG_AGO = EXPIRES_AT - timedelta(days=365)

spans = st.timedeltas(timedelta(minutes=1), timedelta(days=400))


def due(days_left: float, *, made_days_before: float = 365) -> int | None:
    made_at = EXPIRES_AT - timedelta(days=made_days_before)
    return mark_due(made_at=made_at, expires_at=EXPIRES_AT, now=EXPIRES_AT - timedelta(days=days_left))


@pytest.mark.parametrize(
    ("days_left", "expected"),
    [(31, None), (30, 30), (29, 30), (7.01, 30), (7, 7), (1.01, 7), (1, 1), (0.01, 1), (0, None), (-1, None)],
)
def test_the_last_mark_passed_is_due(days_left: float, expected: int | None) -> None:
    assert due(days_left) == expected


@pytest.mark.parametrize(
    ("made_days_before", "days_left", "expected"),
    [(20, 19, None), (20, 7, 7), (7, 6, None), (5, 1, 1), (1, 0.5, None), (0.5, 0.4, None)],
)
def test_marks_already_past_when_the_lot_was_made_do_not_count(
    made_days_before: float, days_left: float, expected: int | None
) -> None:
    assert due(days_left, made_days_before=made_days_before) == expected


@given(made_before=spans, left=spans)
def test_a_due_mark_has_passed_since_the_lot_was_made(made_before: timedelta, left: timedelta) -> None:
    now, made_at = EXPIRES_AT - left, EXPIRES_AT - made_before
    days = mark_due(made_at=made_at, expires_at=EXPIRES_AT, now=now)
    if days is not None:
        assert made_at < EXPIRES_AT - timedelta(days=days) <= now


@given(made_before=spans)
def test_looked_at_every_hour_each_mark_of_a_lots_life_comes_up_and_in_order(made_before: timedelta) -> None:
    made_at = EXPIRES_AT - made_before
    hours = int(made_before / timedelta(hours=1)) + 1
    seen = [
        mark_due(made_at=made_at, expires_at=EXPIRES_AT, now=made_at + timedelta(hours=hour)) for hour in range(hours)
    ]
    expected = [days for days in MARKS_DAYS if timedelta(days=days) < made_before]
    assert list(dict.fromkeys(days for days in seen if days)) == expected
