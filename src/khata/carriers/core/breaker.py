"""When a carrier that keeps failing is left alone for a while, and tried with one submission before it gets more.

Instants are seconds of any clock that only runs forward.
"""

from dataclasses import dataclass

FAILURES_MAX = 10
"""So many in a row, and it rests."""
_REST_MIN_S = 1.0
_REST_MAX_S = 30.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """A failure is a submission that could not be handed over, or whose answer did not come."""

    failures: int = 0
    """In a row."""
    rests: int = 0
    """In a row, too."""
    rests_until_s: float = 0.0

    def is_resting(self, now_s: float) -> bool:
        return now_s < self.rests_until_s

    def room(self, now_s: float, most: int, outstanding: int) -> int:
        """How many of `most` submissions may go: after a rest one, and no more before its answer came."""
        if self.is_resting(now_s):
            return 0
        if self.rests:
            return min(most, 1) if not outstanding else 0
        return most

    def failed(self, now_s: float) -> "Breaker":
        """The rest doubles each time; what was under way before it began counts no more."""
        if self.is_resting(now_s):
            return self
        if self.failures + 1 < FAILURES_MAX and not self.rests:
            return Breaker(self.failures + 1)
        rest_s = min(_REST_MAX_S, _REST_MIN_S * 2 ** min(self.rests, 10))
        return Breaker(0, self.rests + 1, now_s + rest_s)

    def succeeded(self) -> "Breaker":
        """It answered, whatever it said."""
        return Breaker()
