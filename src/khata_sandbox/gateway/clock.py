"""The gateway's own clock: it starts with the wall's, may run faster and can be moved on. It never goes back.

Everything the gateway waits for (sessions, banks, retries, settlements) and every instant it shows is of this clock.
Only what a network does (a slow answer, a webhook without one) takes its time on the wall.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

SPEED_MAXIMUM = 86_400
"""A day in a second."""


@dataclass(frozen=True, slots=True)
class Reading:
    """At `wall_at` the clock showed `at`, and from then on runs `speed` times as fast as the wall's. Unix seconds."""

    at: float
    wall_at: float
    speed: int = 1


class Clock:
    """Instants are unix seconds."""

    def __init__(self, speed: int = 1, *, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._reading = Reading(wall(), wall(), speed)

    @property
    def reading(self) -> Reading:
        return self._reading

    def now(self) -> float:
        return self._reading.at + (self._wall() - self._reading.wall_at) * self._reading.speed

    def wall_s(self, span_s: float) -> float:
        """How long a span of this clock takes on the wall's, for whoever has to sleep or count down."""
        return span_s / self._reading.speed

    def resume(self, reading: Reading) -> None:
        """Goes on from an earlier reading, at today's speed: time went on while nobody looked, as fast as it did then.

        A wall clock that was put back meanwhile does not take this one with it.
        """
        missed_s = max(self._wall() - reading.wall_at, 0) * reading.speed
        self._read(reading.at + missed_s, self._reading.speed)

    def advance(self, span_s: float) -> None:
        self._read(self.now() + span_s, self._reading.speed)

    def run(self, speed: int) -> None:
        self._read(self.now(), speed)

    def restart(self) -> None:
        """Back to the wall's time and pace; only for a gateway that has forgotten everything else."""
        self._read(self._wall(), 1)

    def _read(self, at: float, speed: int) -> None:
        self._reading = Reading(at, self._wall(), speed)
