"""Promotional hours in India: from ten until before nine in the evening, whatever the clock here says."""

from datetime import UTC, datetime, time

import pytest

from khata.messaging.core.dlt import Category
from khata.messaging.core.send_window import IST, SendWindow, due_at, read_window

WINDOW = SendWindow()


def india(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-11-23 10:00:00", "2026-11-23 10:00:00"),
        ("2026-11-23 20:59:59.999999", "2026-11-23 20:59:59.999999"),
        ("2026-11-23 21:00:00", "2026-11-24 10:00:00"),
        ("2026-11-23 09:59:59.999999", "2026-11-23 10:00:00"),
        ("2026-11-23 00:00:00", "2026-11-23 10:00:00"),
        ("2026-11-23 23:59:59", "2026-11-24 10:00:00"),
        ("2026-11-30 21:00:00", "2026-12-01 10:00:00"),
        ("2026-12-31 22:15:00", "2027-01-01 10:00:00"),
        ("2028-02-28 21:30:00", "2028-02-29 10:00:00"),
    ],
)
def test_a_promotional_message_is_due_when_the_window_is_open(at: str, opening: str) -> None:
    now = india(at)
    assert due_at(Category.PROMOTIONAL, now, WINDOW) == india(opening)
    assert due_at(Category.SERVICE_EXPLICIT, now.astimezone(UTC), WINDOW) == india(opening)
    assert WINDOW.is_open(now) == (at == opening)


@pytest.mark.parametrize("category", [Category.TRANSACTIONAL, Category.SERVICE_IMPLICIT])
def test_other_messages_are_due_at_once(category: Category) -> None:
    midnight = india("2026-11-23 00:00:00")
    assert due_at(category, midnight, WINDOW) == midnight


def test_hours_are_read_as_written() -> None:
    assert read_window("09:30-20:45") == SendWindow(time(9, 30), time(20, 45))


@pytest.mark.parametrize("text", ["", "10-21", "10:00\u201321:00", "10:00-24:00", "9:00-21:00"])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="written like"):
        read_window(text)


@pytest.mark.parametrize("text", ["21:00-10:00", "10:00-10:00"])
def test_hours_that_end_before_they_begin_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="opens before"):
        read_window(text)
