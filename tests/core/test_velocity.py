"""A flood to one destination is stopped; what an organisation usually sends there is not."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.messaging.core.velocity import (
    TooFast,
    Velocity,
    VelocityRule,
    counts_home,
    read_rules,
    renew,
    rules_for,
    take,
)

NOW = datetime(2026, 11, 23, 10, 40, tzinfo=UTC)
RULE = VelocityRule("NP", 3, 10)
RULES = read_rules(["*:200/1000", "NP:500/2000", "+97798:50/100"])


def sent(
    count: int, now: datetime = NOW, kept: Velocity | None = None, rule: VelocityRule = RULE
) -> Velocity | TooFast:
    velocity = renew(kept, now)
    for _ in range(count):
        taken = take(velocity, rule, now)
        if isinstance(taken, TooFast):
            return taken
        velocity = taken
    return velocity


def test_the_hours_last_message_passes_and_the_next_waits_for_the_next_hour() -> None:
    assert isinstance(sent(3), Velocity)
    assert sent(4) == TooFast("hour", 3, 20 * 60)


def test_the_days_count_goes_on_from_hour_to_hour_and_begins_anew_at_midnight() -> None:
    kept: Velocity | TooFast | None = None
    for hour in range(3):
        assert not isinstance(kept, TooFast)
        kept = sent(3, NOW + timedelta(hours=hour), kept)
    assert isinstance(kept, Velocity)
    later = NOW + timedelta(hours=3)
    assert sent(2, later, kept) == TooFast("day", 10, (10 * 60 + 20) * 60)
    assert renew(kept, NOW + timedelta(days=1))[1:4:2] == (0, 0)


def test_what_is_usual_lifts_the_limits_to_twice_the_busiest_day_and_fades() -> None:
    busy = Velocity(NOW, 0, NOW.date(), 80, 0)
    assert [renew(busy, NOW + timedelta(days=days)).usual_per_day for days in (1, 2, 3, 90)] == [80, 70, 61, 0]
    tomorrow = NOW + timedelta(days=1)
    assert sent(200, tomorrow, busy) == TooFast("hour", 160 // 6, 20 * 60)


@pytest.mark.parametrize(
    ("region", "number", "destinations"),
    [
        ("IN", "+919812345678", []), ("GB", "+447400123456", [("GB", 200)]), ("", "+882161234567", [("", 200)]),
        ("NP", "+9779612345678", [("NP", 500)]), ("NP", "+9779812345678", [("NP", 500), ("+97798", 50)]),
    ],
)  # fmt: skip
def test_home_is_counted_only_where_a_rule_names_it(
    region: str, number: str, destinations: list[tuple[str, int]]
) -> None:
    found = rules_for(RULES, region, number, "IN")
    assert [(rule.destination, rule.per_hour) for rule in found] == destinations


def test_a_rule_for_home_counts_home() -> None:
    assert list(rules_for(read_rules(["IN:9/9"]), "IN", "+919812345678", "IN")) == [VelocityRule("IN", 9, 9)]


def test_home_is_looked_at_only_where_a_rule_might_count_it() -> None:
    assert not counts_home(read_rules(["*:9/9", "NP:9/9"]), "IN")
    assert counts_home(read_rules(["IN:9/9"]), "IN")
    assert counts_home(read_rules(["+9198:9/9"]), "IN")


def test_no_rule_at_all_is_written_none() -> None:
    assert read_rules(["none"]) == ()
    with pytest.raises(ValueError, match="“none”"):
        read_rules(["none", "NP:9/9"])


@pytest.mark.parametrize(
    "text", ["", "NP", "NP:", "NP:5", "NP:5/", "NP:0/5", "NP:-1/5", "NP:5/5/5", "np:5/5", "QQ:5/5", "977:5/5", "NP:٥/5"]
)
def test_a_rule_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="“"):
        read_rules([text])


def test_a_destination_has_one_rule() -> None:
    with pytest.raises(ValueError, match="twice"):
        read_rules(["NP:5/5", "NP:6/6"])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_no_hour_and_no_day_passes_its_limit_while_nothing_is_usual(steps: list[tuple[int, int]]) -> None:
    kept, now, accepted = None, NOW, Counter[int]()
    for minutes, count in steps:
        now += timedelta(minutes=minutes)
        kept = renew(kept, now)
        for _ in range(count):
            taken = take(kept, RULE, now)
            if isinstance(taken, TooFast):
                break
            kept = taken
            accepted[now.hour] += 1
    assert all(count <= RULE.per_hour for count in accepted.values())
    assert accepted.total() == (kept.in_day if kept else 0) <= RULE.per_day
