"""The gateway's clock: real instants, spans that can be told to pass faster."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Instants are unix seconds. `span(600)` is ten minutes as this sandbox lives them."""

    speed: int = 1

    def now(self) -> float:
        return time.time()

    def span(self, span_s: float) -> float:
        return span_s / self.speed
