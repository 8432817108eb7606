"""How fast submissions may go to one carrier: a token bucket that slows down when the carrier asks for it.

Instants are seconds of any clock that only runs forward. A token is the right to one submission.
"""

from dataclasses import dataclass, replace

_BURSTS_PER_S = 20
"""A full bucket holds a twentieth of a second's tokens."""
_SLOWED_AT_MOST_EVERY_S = 1.0
"""A whole window of answers says the same thing: it counts once."""
_RECOVERY_PER_S = 0.05
"""What is added to a slowed pace with every second that passes."""
_RECOVERED_AFTER_S = 60.0
"""A carrier that names no limit is not held back any longer after so long without a complaint."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_s_max` is what the carrier's contract allows in any one second; None where it names no limit."""

    per_s_max: int | None
    at_s: float
    """Up to when tokens have been added."""
    tokens: float = 1.0
    slowed_to_per_s: float | None = None
    slowed_at_s: float = 0.0
    counted_since_s: float = 0.0
    counted: int = 0
    """Submissions of the second that began then, or of the last one before."""

    def room(self, now_s: float, most: int) -> int:
        """How many of `most` submissions may go now: a whole burst, or none until there is one."""
        burst = self._burst(now_s)
        if burst is None:
            return most
        tokens = self._refilled(now_s).tokens
        return min(most, int(tokens)) if tokens >= min(most, burst) else 0

    def wait_s(self, now_s: float, most: int) -> float:
        """How long until `room` is not 0; 0.0 where it is not."""
        burst, per_s = self._burst(now_s), self._refill_per_s(now_s)
        if burst is None or per_s is None:
            return 0.0
        return max(0.0, (min(most, burst) - self._refilled(now_s).tokens) / per_s)

    def taken(self, now_s: float, count: int) -> "Pace":
        """After `count` submissions were let go."""
        refilled = self._refilled(now_s)
        is_new_second = now_s - self.counted_since_s >= 1.0
        return replace(
            refilled,
            tokens=refilled.tokens - count,
            counted_since_s=now_s if is_new_second else self.counted_since_s,
            counted=count if is_new_second else self.counted + count,
        )

    def slowed(self, now_s: float) -> "Pace":
        """After the carrier asked for it: half as many as it was given in the last second."""
        if self.slowed_to_per_s is not None and now_s - self.slowed_at_s < _SLOWED_AT_MOST_EVERY_S:
            return self
        per_s = max(1.0, self.counted / max(1.0, now_s - self.counted_since_s) / 2)
        limit = self._limit_per_s(now_s)
        return replace(
            self._refilled(now_s),
            tokens=0.0,
            slowed_to_per_s=per_s if limit is None else min(per_s, limit),
            slowed_at_s=now_s,
        )

    def _limit_per_s(self, now_s: float) -> float | None:
        """What holds now: the contract's limit, the slowed pace, whichever is less; None where there is neither."""
        if self.slowed_to_per_s is None:
            return self.per_s_max
        slowed_s = now_s - self.slowed_at_s
        if self.per_s_max is None and slowed_s >= _RECOVERED_AFTER_S:
            return None
        recovered = self.slowed_to_per_s * (1.0 + _RECOVERY_PER_S * slowed_s)
        return recovered if self.per_s_max is None else min(recovered, self.per_s_max)

    def _burst(self, now_s: float) -> int | None:
        limit = self._limit_per_s(now_s)
        return None if limit is None else max(1, int(limit) // _BURSTS_PER_S)

    def _refill_per_s(self, now_s: float) -> float | None:
        """Less than the limit: a second may begin with a full bucket."""
        limit, burst = self._limit_per_s(now_s), self._burst(now_s)
        return None if limit is None or burst is None else max(1.0, limit - burst + 1)

    def _refilled(self, now_s: float) -> "Pace":
        burst, per_s = self._burst(now_s), self._refill_per_s(now_s)
        if burst is None or per_s is None:
            return replace(self, at_s=now_s, tokens=1.0)
        tokens = min(burst, self.tokens + (now_s - self.at_s) * per_s)
        return replace(self, at_s=now_s, tokens=tokens)
