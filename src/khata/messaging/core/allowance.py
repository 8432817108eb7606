"""What one subject (an organisation, or one of its API keys) may still send: a token bucket and two caps.

Pure: the row as it was kept, the limits of now, the time, and what is asked go in; the row to keep, or the refusal,
comes out. A bucket holds one minute's messages and fills evenly, so a short burst passes and an hour's mean does not.
"""

from datetime import date, datetime, timedelta
from math import ceil
from typing import NamedTuple

MICRO_PER_MESSAGE = 1_000_000
_MINUTE = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)


class Limits(NamedTuple):
    """None is no limit; credits in micro-credits."""

    messages_per_minute_max: int | None = None
    credits_per_day_max: int | None = None
    credits_per_month_max: int | None = None


class Allowance(NamedTuple):
    """`messages_micro` are millionths of a message left in the bucket; `day` is the organisation's own."""

    messages_micro: int
    filled_at: datetime
    day: date
    credits_today: int
    credits_this_month: int


class RateReached(NamedTuple):
    retry_after_s: int


class CapReached(NamedTuple):
    """`period` is "day" or "month"."""

    period: str
    cap: int
    used: int


def renew(kept: Allowance | None, limits: Limits, now: datetime, day: date) -> Allowance:
    """The allowance as it stands now: the bucket filled up, the caps begun anew with a new day or month."""
    full = (limits.messages_per_minute_max or 0) * MICRO_PER_MESSAGE
    if kept is None:
        return Allowance(full, now, day, 0, 0)
    passed = max(now - kept.filled_at, timedelta())
    filled = kept.messages_micro + full * (passed // _MICROSECOND) // (_MINUTE // _MICROSECOND)
    is_same_month = (kept.day.year, kept.day.month) == (day.year, day.month)
    return Allowance(
        messages_micro=min(full, filled),
        filled_at=max(now, kept.filled_at),
        day=day,
        credits_today=kept.credits_today if kept.day == day else 0,
        credits_this_month=kept.credits_this_month if is_same_month else 0,
    )


def take(allowance: Allowance, limits: Limits, credits: int) -> Allowance | RateReached | CapReached:
    """One message that costs `credits`, from a renewed allowance."""
    rate = limits.messages_per_minute_max
    if rate is not None and allowance.messages_micro < MICRO_PER_MESSAGE:
        missing = MICRO_PER_MESSAGE - allowance.messages_micro
        return RateReached(max(1, ceil(missing * 60 / (rate * MICRO_PER_MESSAGE))))
    caps = (
        ("day", limits.credits_per_day_max, allowance.credits_today),
        ("month", limits.credits_per_month_max, allowance.credits_this_month),
    )
    for period, cap, used in caps:
        if cap is not None and used + credits > cap:
            return CapReached(period, cap, used)
    return allowance._replace(
        messages_micro=allowance.messages_micro - (MICRO_PER_MESSAGE if rate is not None else 0),
        credits_today=allowance.credits_today + credits,
        credits_this_month=allowance.credits_this_month + credits,
    )
