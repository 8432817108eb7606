"""Ctrl-C and its relatives: the first asks for an orderly end, the second for a quick one."""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """The demo was asked to end. Like KeyboardInterrupt no Exception, so that nothing takes it for a fault."""


class Interrupts:
    """While `may_raise`, the first signal raises `Interrupted` wherever the program is; else it is only counted."""

    def __init__(self) -> None:
        self.count = 0
        self.may_raise = True
        for number in SIGNALS:
            signal.signal(number, self._note)

    @property
    def is_hurried(self) -> bool:
        return self.count > 1

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.may_raise:
            self.may_raise = False
            raise Interrupted
