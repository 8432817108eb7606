"""Alarms: each outcome once, and the laws that keep a hovering balance quiet and every real fall told."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.notices.core.alarms import Alarms, Sight, first_look, look, rearm_level
from khata.notices.core.kinds import NoticeKind

LEVEL = 500
ARMED, SILENT = Alarms(is_low_armed=True, is_empty_armed=True), Alarms(is_low_armed=False, is_empty_armed=False)
LOW_TOLD = Alarms(is_low_armed=False, is_empty_armed=True)

balances = st.lists(st.integers(-50, 3 * LEVEL), max_size=60)


def watched(balances: Iterable[int], alarms: Alarms = ARMED) -> Iterator[NoticeKind | None]:
    """What rings at each balance; nothing is added between."""
    for available in balances:
        alarms, rung = look(alarms, Sight(available, LEVEL, added_up_to=0))
        yield rung


@pytest.mark.parametrize(
    ("alarms", "available", "added_up_to", "rung", "after"),
    [
        (ARMED, LEVEL, 0, None, ARMED),
        (ARMED, LEVEL - 1, 0, NoticeKind.LOW, LOW_TOLD),
        (LOW_TOLD, 1, 0, None, LOW_TOLD),
        (LOW_TOLD, 0, 0, NoticeKind.EMPTY, SILENT),
        (ARMED, 0, 0, NoticeKind.EMPTY, SILENT),
        (ARMED, -1, 0, NoticeKind.EMPTY, SILENT),
        (SILENT, 0, 0, None, SILENT),
        (SILENT, 600, 0, None, SILENT),
        (SILENT, 601, 0, None, ARMED),
        (SILENT, 500, 500, None, LOW_TOLD),
        (SILENT, 501, 501, None, ARMED),
        (SILENT, 499, 501, NoticeKind.LOW, LOW_TOLD),
        (SILENT, 0, 501, NoticeKind.EMPTY, SILENT),
        (SILENT, 100, 100, None, LOW_TOLD),
    ],
)
def test_each_look_ends_as_the_rules_say(
    alarms: Alarms, available: int, added_up_to: int, rung: NoticeKind | None, after: Alarms
) -> None:
    assert look(alarms, Sight(available, LEVEL, added_up_to)) == (after, rung)


@pytest.mark.parametrize(("available", "expected"), [(500, ARMED), (499, LOW_TOLD), (1, LOW_TOLD), (0, SILENT)])
def test_the_first_look_arms_what_can_still_fall_and_tells_nothing(available: int, expected: Alarms) -> None:
    assert first_look(Sight(available, LEVEL, added_up_to=available)) == expected


@given(st.lists(st.integers(1, rearm_level(LEVEL)), max_size=60))
def test_a_balance_that_hovers_around_the_level_is_told_once(balances: list[int]) -> None:
    rings = [rung for rung in watched(balances) if rung]
    assert rings == [NoticeKind.LOW] * any(available < LEVEL for available in balances)


@given(st.lists(st.integers(-50, rearm_level(LEVEL)), max_size=60))
def test_a_balance_that_hovers_around_zero_is_told_once_as_empty(balances: list[int]) -> None:
    rings = [rung for rung in watched(balances) if rung]
    assert rings.count(NoticeKind.EMPTY) == any(available <= 0 for available in balances)


@given(balances)
def test_every_fall_after_a_rise_above_the_margin_is_told(balances: list[int]) -> None:
    rings = list(watched(balances))
    for (before, here), rung in zip(pairwise(balances), rings[1:], strict=False):
        if before > rearm_level(LEVEL) and here < LEVEL:
            assert rung is (NoticeKind.LOW if here > 0 else NoticeKind.EMPTY)


@given(balances)
def test_between_two_of_a_kind_the_balance_was_above_the_margin(balances: list[int]) -> None:
    rings = list(watched(balances))
    for kind in (NoticeKind.LOW, NoticeKind.EMPTY):
        places = [place for place, rung in enumerate(rings) if rung is kind]
        for first, second in pairwise(places):
            assert max(balances[first:second]) > rearm_level(LEVEL)


@given(st.integers(-50, LEVEL - 1), st.integers(LEVEL + 1, 10 * LEVEL))
def test_a_top_up_above_the_level_makes_the_next_fall_news_however_small(left: int, added_up_to: int) -> None:
    alarms, _ = look(SILENT, Sight(added_up_to, LEVEL, added_up_to))
    _, rung = look(alarms, Sight(left, LEVEL, added_up_to=0))
    assert rung is (NoticeKind.LOW if left > 0 else NoticeKind.EMPTY)


@given(balances, st.booleans(), st.booleans())
def test_nothing_rings_above_the_level(balances: list[int], is_low_armed: bool, is_empty_armed: bool) -> None:
    for available, rung in zip(balances, watched(balances, Alarms(is_low_armed, is_empty_armed)), strict=True):
        assert rung is None or available < LEVEL
