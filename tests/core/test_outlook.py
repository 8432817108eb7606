"""How long credits last and when they are low, to the micro-credit."""

import pytest

from khata.kernel.credits import MICRO_PER_CREDIT
from khata.notices.core.outlook import Outlook


def outlook(available: int, used: int = 0, level: int | None = None) -> Outlook:
    """Of whole credits."""
    level_micro = None if level is None else level * MICRO_PER_CREDIT
    return Outlook(available * MICRO_PER_CREDIT, used * MICRO_PER_CREDIT, level_micro)


@pytest.mark.parametrize(
    ("used", "level", "expected"),
    [(0, None, 500), (700, None, 500), (1_400, None, 600), (70_000, None, 30_000), (70_000, 50, 50), (0, 9_000, 9_000)],
)
def test_low_begins_at_three_days_use_but_never_under_500_or_where_the_owner_says(
    used: int, level: int | None, expected: int
) -> None:
    assert outlook(0, used, level).level == expected * MICRO_PER_CREDIT


@pytest.mark.parametrize(
    ("available", "used", "days", "words"),
    [
        (4_820, 0, None, ""),
        (4_820, 2_800, 12, "about 12 days"),
        (400, 2_800, 1, "about 1 day"),
        (364, 7, 364, "about 364 days"),
        (365, 7, 365, "more than a year"),
        (399, 2_800, 0, "less than a day"),
        (0, 2_800, 0, "less than a day"),
        (-5, 2_800, 0, "less than a day"),
    ],
)
def test_the_runway_is_whole_days_at_the_weeks_rate(available: int, used: int, days: int | None, words: str) -> None:
    found = outlook(available, used)
    assert (found.runway_days, found.runway_words) == (days, words)


def test_returned_credits_of_older_messages_are_no_negative_use() -> None:
    assert Outlook(available=1, used=-5, level_chosen=None).runway_days is None


@pytest.mark.parametrize(
    ("available", "is_low", "is_empty"),
    [(501, False, False), (500, False, False), (499, True, False), (0, False, True)],
)
def test_low_and_empty_are_never_both(available: int, is_low: bool, is_empty: bool) -> None:
    found = outlook(available)
    assert (found.is_low, found.is_empty) == (is_low, is_empty)


def test_less_than_three_days_are_low_however_many_credits_they_are() -> None:
    assert outlook(29_999, 70_000).is_low
    assert not outlook(30_000, 70_000).is_low
