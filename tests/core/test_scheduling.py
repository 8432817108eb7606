"""A message for later: how far ahead it may be, when its time counts as passed, and the hours it then waits for."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from khata.messaging.core.dlt import Category
from khata.messaging.core.scheduling import SCHEDULED_AHEAD_MAX, ahead_problem, time_to_come
from khata.messaging.core.send_window import IST, SendWindow, due_at

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOON = timedelta(microseconds=1)
FARTHEST = [
    datetime.min.replace(tzinfo=timezone(timedelta(hours=23, minutes=59))),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=23, minutes=59))),
]


def test_a_time_to_come_is_kept_and_one_that_has_passed_is_not() -> None:
    assert time_to_come(NOW + SOON, NOW) == NOW + SOON
    for passed in (None, NOW, NOW - SOON, FARTHEST[0]):
        assert time_to_come(passed, NOW) is None


def test_a_time_is_read_with_its_offset() -> None:
    assert time_to_come(datetime(2026, 11, 23, 17, 30, tzinfo=IST), NOW) is None
    assert time_to_come(datetime(2026, 11, 23, 17, 31, tzinfo=IST), NOW) == NOW + timedelta(minutes=1)


@pytest.mark.parametrize("at", [NOW + SCHEDULED_AHEAD_MAX, NOW, NOW - timedelta(days=400), FARTHEST[0]])
def test_thirty_days_ahead_are_allowed_and_so_is_the_past(at: datetime) -> None:
    assert ahead_problem(at, NOW) is None


@pytest.mark.parametrize("at", [NOW + SCHEDULED_AHEAD_MAX + SOON, FARTHEST[1]])
def test_more_than_thirty_days_ahead_are_not(at: datetime) -> None:
    problem = ahead_problem(at, NOW)
    assert problem is not None
    assert (problem["field"], problem["code"]) == ("scheduled_at", "too_far_ahead")
    assert "30 days" in problem["detail"]


@pytest.mark.parametrize(
    ("scheduled", "due"),
    [("2026-11-24 09:59", "2026-11-24 10:00"), ("2026-11-24 15:00", "2026-11-24 15:00"),
     ("2026-11-24 21:00", "2026-11-25 10:00")],
)  # fmt: skip
def test_promotional_hours_hold_for_the_scheduled_time(scheduled: str, due: str) -> None:
    at = datetime.fromisoformat(scheduled).replace(tzinfo=IST)
    assert due_at(Category.PROMOTIONAL, at, SendWindow()) == datetime.fromisoformat(due).replace(tzinfo=IST)
