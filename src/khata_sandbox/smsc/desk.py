"""Where receipts and inbound messages wait: until due, until somebody is bound to take them, until confirmed."""

import asyncio
import heapq
import time
from collections import deque
from itertools import count
from typing import Final, Protocol

from khata_sandbox.smsc.journal import Delivery, Journal
from khata_sandbox.smsc.numbers import Status

WAITING_MAX: Final = 250_000
"""About 100 MB. Above it the message centre takes no more messages that ask for a receipt."""
_TICK_S: Final = 0.01
_RETRY_MS: Final = 1_000
_TRY_AGAIN: Final = frozenset({Status.RX_T_APPN, Status.RTHROTTLED, Status.RMSGQFUL, Status.RSYSERR})


class Receiver(Protocol):
    """A bound connection that takes deliver_sm."""

    @property
    def has_room(self) -> bool: ...

    def deliver(self, delivery: Delivery) -> None: ...


class Desk:
    """Of one system: each delivery goes to one receiver after the other until one confirms it or refuses for good."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._queue: list[tuple[int, int, Delivery]] = []
        self._places = count()
        self._receivers: deque[Receiver] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_count = 0

    @property
    def is_full(self) -> bool:
        return self._waiting_count >= WAITING_MAX

    def plan(self, delivery: Delivery, due_at: int) -> None:
        """Sends it when it is due (milliseconds since 1970 UTC)."""
        self._waiting_count += 1
        self._put(due_at, delivery)

    def send_now(self, delivery: Delivery) -> None:
        """Sends it before anything else is written, if anybody is there to take it."""
        receiver = self._next_receiver()
        if receiver is None:
            self.plan(delivery, now_ms())
        else:
            self._waiting_count += 1
            receiver.deliver(delivery)

    def attach(self, receiver: Receiver) -> None:
        self._receivers.append(receiver)
        self.wake()

    def detach(self, receiver: Receiver) -> None:
        if receiver in self._receivers:
            self._receivers.remove(receiver)

    def confirm(self, delivery: Delivery, status: int) -> None:
        """The receiver answered; for a passing trouble of its own the delivery comes again."""
        if status in _TRY_AGAIN:
            self._put(now_ms() + _RETRY_MS, delivery)
            return
        self._waiting_count -= 1
        self._journal.add_answer(delivery, now_ms(), status)
        self.wake()

    def take_back(self, delivery: Delivery) -> None:
        """It was sent, but no answer came."""
        self._put(now_ms(), delivery)

    def wake(self) -> None:
        """Somebody may have room now."""
        if self._timer is None and self._queue and self._receivers:
            delay_s = max(_TICK_S, (self._queue[0][0] - now_ms()) / 1000)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._send_due)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _put(self, due_at: int, delivery: Delivery) -> None:
        heapq.heappush(self._queue, (due_at, next(self._places), delivery))
        if self._timer and self._queue[0][2] is delivery:
            self._timer.cancel()
            self._timer = None
        self.wake()

    def _send_due(self) -> None:
        self._timer = None
        now = now_ms()
        while self._queue and self._queue[0][0] <= now:
            receiver = self._next_receiver()
            if receiver is None:
                return
            receiver.deliver(heapq.heappop(self._queue)[2])
        self.wake()

    def _next_receiver(self) -> Receiver | None:
        for _ in range(len(self._receivers)):
            self._receivers.rotate(-1)
            if self._receivers[-1].has_room:
                return self._receivers[-1]
        return None


def now_ms() -> int:
    return time.time_ns() // 1_000_000
