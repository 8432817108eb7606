"""A clock that stands still until it is moved."""

import time

from khata_sandbox.gateway.clock import Clock


class SetClock(Clock):
    def __init__(self) -> None:
        started_at = time.time()
        super().__init__(wall=lambda: started_at)

    def pass_s(self, span_s: float) -> None:
        self.advance(span_s)
