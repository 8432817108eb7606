"""A carrier's limit holds in any one second; a carrier that complains gets less, and more again with time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.carriers.core.pace import Pace

WINDOW = 100


def sent_at(pace: Pace, seconds: float, most: int = WINDOW) -> list[float]:
    """When each submission goes while as many as possible are wanted all the time."""
    times, now_s = [], 0.0
    while now_s < seconds:
        room = pace.room(now_s, most)
        times += [now_s] * room
        pace = pace.taken(now_s, room)
        now_s += max(pace.wait_s(now_s, most), 0.001)
    return times


def most_in_one_second(times: list[float]) -> int:
    return max(sum(start <= time < start + 1 for time in times) for start in set(times))


@given(st.integers(1, 2_000), st.integers(1, 200))
def test_no_second_has_more_than_the_limit(per_s_max: int, most: int) -> None:
    times = sent_at(Pace(per_s_max, at_s=0.0), 2.5, most)
    assert most_in_one_second(times) <= per_s_max


@pytest.mark.parametrize("per_s_max", [1, 7, 20, 100, 1_000])
def test_most_of_the_limit_is_used(per_s_max: int) -> None:
    times = sent_at(Pace(per_s_max, at_s=0.0), 10)
    assert len(times) >= 10 * per_s_max * 9 // 10


def test_a_pause_saves_up_no_more_than_one_burst() -> None:
    assert Pace(100, at_s=0.0).room(3_600.0, WINDOW) == 5


def test_without_a_limit_there_is_always_room() -> None:
    pace = Pace(None, at_s=0.0)
    for _ in range(1_000):
        pace = pace.taken(0.0, WINDOW)
    assert (pace.room(0.0, WINDOW), pace.wait_s(0.0, WINDOW)) == (WINDOW, 0.0)


def test_a_complaint_halves_what_went_in_the_last_second() -> None:
    pace = Pace(None, at_s=0.0).taken(0.0, 60).taken(0.5, 40).slowed(0.9)
    assert pace.slowed_to_per_s == 50
    assert pace.room(0.9, WINDOW) == 0
    assert 0 < pace.wait_s(0.9, WINDOW) < 1


def test_a_windowful_of_complaints_counts_once_and_later_ones_again() -> None:
    pace = Pace(None, at_s=0.0).taken(0.0, 100)
    once = pace.slowed(0.5)
    many = once.slowed(0.6).slowed(1.4)
    assert many == once
    again = many.taken(1.6, 20).slowed(2.0)
    assert again.slowed_to_per_s == 10


def test_a_slowed_pace_recovers_with_time_up_to_the_limit() -> None:
    pace = Pace(100, at_s=0.0).taken(0.0, 40).slowed(0.5)
    assert pace.slowed_to_per_s == 20
    assert pace.room(0.5, WINDOW) == 0
    assert [pace.room(after_s, WINDOW) for after_s in (2.0, 20.5, 1_000.0)] == [1, 2, 5]


def test_a_carrier_without_a_limit_is_not_held_back_for_ever() -> None:
    pace = Pace(None, at_s=0.0).taken(0.0, 40).slowed(0.5)
    assert pace.room(30.0, WINDOW) < WINDOW
    assert pace.room(60.5, WINDOW) == WINDOW


def test_the_slowest_pace_is_one_a_second() -> None:
    pace = Pace(None, at_s=0.0).slowed(0.0)
    assert pace.slowed_to_per_s == 1
    assert pace.wait_s(0.0, WINDOW) == 1.0
