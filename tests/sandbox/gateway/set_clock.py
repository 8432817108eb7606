"""A clock that stands still until it is moved."""

import time
from dataclasses import dataclass, field

from khata_sandbox.gateway.clock import Clock


@dataclass(frozen=True, slots=True)
class SetClock(Clock):
    moved: list[float] = field(default_factory=lambda: [time.time()])

    def now(self) -> float:
        return sum(self.moved)

    def pass_s(self, span_s: float) -> None:
        self.moved.append(span_s)
