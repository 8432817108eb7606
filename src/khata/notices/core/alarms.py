"""Alarms that ring once for each fall of a balance, however long it hovers around the level.

An alarm is armed or not. It rings when it is armed and the balance lies below its level, and is then no longer armed.
It is armed again by credits added that lift the balance above the level, or by a balance a fifth above it: credits that
come back from failed messages lift a balance a little, and that is no news.
"""

from dataclasses import dataclass

from khata.notices.core.kinds import NoticeKind


@dataclass(frozen=True, slots=True)
class Alarms:
    """One organisation's."""

    is_low_armed: bool
    is_empty_armed: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at a wallet saw, in micro-credits. The level is above zero."""

    available: int
    level: int
    added_up_to: int
    """The highest balance that credits added since the last look left; 0 where none were added."""


def first_look(sight: Sight) -> Alarms:
    """A wallet nobody has looked at yet: where it stands is no news, where it falls to will be."""
    return Alarms(is_low_armed=sight.available >= sight.level, is_empty_armed=sight.available > 0)


def look(alarms: Alarms, sight: Sight) -> tuple[Alarms, NoticeKind | None]:
    """The alarms after this look, and which one rang. A balance that fell to zero at once is told once: as empty."""
    is_safe = sight.available > rearm_level(sight.level)
    is_low_armed = alarms.is_low_armed or is_safe or sight.added_up_to > sight.level
    is_empty_armed = alarms.is_empty_armed or is_safe or sight.added_up_to > 0
    is_empty, is_low = sight.available <= 0, sight.available < sight.level
    rung = None
    if is_empty and is_empty_armed:
        rung = NoticeKind.EMPTY
    elif is_low and is_low_armed and not is_empty:
        rung = NoticeKind.LOW
    return Alarms(is_low_armed and not is_low, is_empty_armed and not is_empty), rung


def rearm_level(level: int) -> int:
    """A fifth above, so that a balance at the level may go up and down without a mail each time."""
    return level + level // 5
