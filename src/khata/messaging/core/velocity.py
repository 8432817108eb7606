"""How fast messages may go to one destination: against pumping, where somebody else makes an organisation send.

A rule sets what is let through an hour and a day. What an organisation usually sends there lifts it: twice its busiest
day, which fades by an eighth a day. So a service that grows is not stopped, and a flood that begins today is.
Pure: the count as it was kept, the rule and the time go in; the count to keep, or the refusal, comes out.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import NamedTuple

from khata.messaging.core.country_names import COUNTRY_NAMES

ABROAD = "*"
"""The destination of the rule for every country but the home one that has no rule of its own."""

NO_RULES = "none"

_DESTINATION = re.compile(r"\*|[A-Z]{2}|\+[1-9][0-9]{0,13}", re.ASCII)
_COUNT_MAX = 10**9
_USUAL_TIMES = 2
_FADING = (7, 8)
_FADED_AFTER_DAYS = 60
_DAY_PARTS = 6
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class VelocityRule(NamedTuple):
    """`destination` is ABROAD, a country ("NP") or a longer prefix ("+97798"); counts are messages, never below 1."""

    destination: str
    per_hour: int
    per_day: int


class Velocity(NamedTuple):
    """What was accepted to one destination; `usual_per_day` is the busiest day before, faded. Days are UTC's."""

    hour_at: datetime
    in_hour: int
    day: date
    in_day: int
    usual_per_day: int


class TooFast(NamedTuple):
    """`period` is "hour" or "day"."""

    period: str
    most: int
    retry_after_s: int


def read_rules(texts: Sequence[str]) -> tuple[VelocityRule, ...]:
    """`["*:200/1000", "NP:500/2000"]`: destination, messages an hour, messages a day; `["none"]` is no rule.

    Raises ValueError.
    """
    if list(texts) == [NO_RULES]:
        return ()
    rules = tuple(_read_rule(text) for text in texts)
    if len({rule.destination for rule in rules}) < len(rules):
        raise ValueError("a destination is named twice")
    return rules


def rules_for(rules: Sequence[VelocityRule], region: str, number: str, home: str) -> Iterator[VelocityRule]:
    """Those that count a message to this number: its country's, and every longer prefix of it."""
    named = {rule.destination: rule for rule in rules}
    country = named.get(region) or (named.get(ABROAD) if region != home else None)
    if country is not None:
        yield country._replace(destination=region)
    for rule in rules:
        if rule.destination.startswith("+") and number.startswith(rule.destination):
            yield rule


def counts_home(rules: Sequence[VelocityRule], home: str) -> bool:
    """Whether any rule may count a message to the home country: without one, none need be looked at."""
    return any(rule.destination == home or rule.destination.startswith("+") for rule in rules)


def renew(kept: Velocity | None, now: datetime) -> Velocity:
    """The count as it stands now: begun anew with a new hour or day, the day before remembered in what is usual."""
    hour_at, day = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0), now.astimezone(UTC).date()
    if kept is None:
        return Velocity(hour_at, 0, day, 0, 0)
    days = max(0, (day - kept.day).days)
    return Velocity(
        hour_at=max(hour_at, kept.hour_at),
        in_hour=kept.in_hour if kept.hour_at >= hour_at else 0,
        day=max(day, kept.day),
        in_day=0 if days else kept.in_day,
        usual_per_day=_faded(max(kept.in_day, _faded(kept.usual_per_day, 1)), days - 1) if days else kept.usual_per_day,
    )


def take(velocity: Velocity, rule: VelocityRule, now: datetime) -> Velocity | TooFast:
    """One message more, on a renewed count."""
    usual_most = _USUAL_TIMES * velocity.usual_per_day
    day_most, hour_most = max(rule.per_day, usual_most), max(rule.per_hour, usual_most // _DAY_PARTS)
    if velocity.in_day >= day_most:
        midnight = datetime.combine(velocity.day, time(), UTC) + _DAY
        return TooFast("day", day_most, _seconds(midnight - now))
    if velocity.in_hour >= hour_most:
        return TooFast("hour", hour_most, _seconds(velocity.hour_at + _HOUR - now))
    return velocity._replace(in_hour=velocity.in_hour + 1, in_day=velocity.in_day + 1)


def _read_rule(text: str) -> VelocityRule:
    destination, _, counts = text.partition(":")
    parts = counts.split("/")
    if not _DESTINATION.fullmatch(destination) or (destination.isalpha() and destination not in COUNTRY_NAMES):
        raise ValueError(f"“{destination}” is neither *, a country like NP, nor a prefix like +97798")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and 0 < int(part) <= _COUNT_MAX for part in parts):
        raise ValueError(f"“{text}” does not end like :200/1000, messages an hour and a day")
    return VelocityRule(destination, int(parts[0]), int(parts[1]))


def _faded(count: int, days: int) -> int:
    kept, of = _FADING
    return 0 if days > _FADED_AFTER_DAYS else count * kept**days // of**days


def _seconds(span: timedelta) -> int:
    return max(1, ceil(span / _SECOND))
