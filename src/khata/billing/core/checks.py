"""When the gateway is asked again about a top-up that is not paid: often while the payer is there, then ever less.

A bank may confirm up to five days late (Razorpay says three in one place and five in another).
"""

from datetime import datetime, timedelta

CHECKS_END_AFTER = timedelta(days=5)

_INTERVALS = (
    # (age up to, interval). The first is shorter than the minute between two runs, so that each run asks.
    (timedelta(minutes=40), timedelta(seconds=30)),
    (timedelta(hours=3), timedelta(minutes=10)),
    (timedelta(hours=72), timedelta(hours=1)),
    (CHECKS_END_AFTER, timedelta(hours=6)),
)

_REVERSAL_INTERVAL = timedelta(hours=1)
"""For a refund or dispute whose end is to come. Its webhook is quicker; banks take days."""

_RETRY_FIRST_MINUTES = 1
_RETRIES_MAX = 16
_DOUBLINGS_MAX = 9


def next_check_at(created_at: datetime, now: datetime) -> datetime | None:
    """None once there is nothing left to hope for."""
    age = now - created_at
    return next((now + interval for until, interval in _INTERVALS if age < until), None)


def next_reversal_check_at(now: datetime) -> datetime:
    return now + _REVERSAL_INTERVAL


def next_retry_at(tries: int, now: datetime) -> datetime | None:
    """When a webhook or a refund without an answer is tried again: after 1, 2, 4 … minutes, at most about 8 hours."""
    if tries >= _RETRIES_MAX:
        return None
    return now + timedelta(minutes=_RETRY_FIRST_MINUTES << min(tries, _DOUBLINGS_MAX))
