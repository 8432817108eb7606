"""The hours in which promotional messages may go out in India."""

import re
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple

from khata.messaging.core.dlt import WINDOWED, Category

IST = timezone(timedelta(hours=5, minutes=30), "IST")
"""India keeps one time all year."""

_WRITTEN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


def due_at(category: Category, now: datetime, window: "SendWindow") -> datetime:
    """When a message of that category, ready now, may be handed over."""
    return window.next_open(now) if category in WINDOWED else now


class SendWindow(NamedTuple):
    """From `opens` until before `closes`, every day, by Indian time."""

    opens: time = time(10)
    closes: time = time(21)

    def is_open(self, at: datetime) -> bool:
        return self.opens <= at.astimezone(IST).time() < self.closes

    def next_open(self, at: datetime) -> datetime:
        """That instant where the window is open, otherwise when it opens next."""
        local = at.astimezone(IST)
        if self.is_open(at):
            return at
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        return datetime.combine(day, self.opens, IST).astimezone(at.tzinfo)


def read_window(text: str) -> SendWindow:
    """ "10:00-21:00" → the window. Raises ValueError."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"hours are written like 10:00-21:00, not “{text}”")
    first, second, third, fourth = (int(number) for number in found.groups())
    window = SendWindow(time(first, second), time(third, fourth))
    if window.opens >= window.closes:
        raise ValueError(f"a window opens before it closes, not “{text}”")
    return window
