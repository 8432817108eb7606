"""Long messages from phones, put together again: their parts come as deliveries of their own, in any order.

No part is acknowledged before the whole is stored, unless the far end waits: one that sends the next part only after
our answer gets it after a moment, and from then on the part is kept in memory only. A message of which parts never
come is stored with gaps.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from functools import partial

from khata.carriers.drivers.smpp.inbound import Inbound, Part, joined_text

ANSWER_AFTER_S = 2.0
"""How long the far end may be left without an answer to a part."""
GIVE_UP_AFTER_S = 120.0
"""How long the parts that came wait for the others."""
GATHERED_MAX = 500
"""Unfinished messages kept; beyond it parts are asked for again later. All of them together take less than 40 MB."""

StoreText = Callable[[Inbound, str], Awaitable[None]]
"""Stores a whole message: any of its parts, for its addresses, and the text."""


class NoRoom(Exception):
    """Too many unfinished messages: the part may come again later."""


@dataclass(slots=True)
class _Gathered:
    first: Inbound
    part_count: int
    parts: dict[int, bytes] = field(default_factory=dict)
    unanswered: list["asyncio.Future[None]"] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None

    @property
    def text(self) -> str:
        return joined_text(self.parts, self.part_count, self.first.data_coding)


class Joiner:
    """All unfinished messages of one carrier, whichever of its connections their parts come by."""

    def __init__(self, store: StoreText) -> None:
        self._store = store
        self._gathered: dict[Hashable, _Gathered] = {}
        self._storing: set[asyncio.Task[None]] = set()

    def take(self, inbound: Inbound, part: Part) -> "asyncio.Future[None]":
        """Is done once the part may be acknowledged; fails where it should come again. Raises NoRoom."""
        key = (inbound.sender, inbound.recipient, inbound.data_coding, part.ref, part.part_count)
        gathered = self._gathered.get(key) or self._begin(key, inbound, part.part_count)
        gathered.parts[part.number] = inbound.octets
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        gathered.unanswered.append(answer)
        if len(gathered.parts) == part.part_count:
            self._finish(key)
        else:
            loop.call_later(ANSWER_AFTER_S, _answer, answer)
        return answer

    async def close(self) -> None:
        """Stores what there is: the far end may have been told already that we have it."""
        for key in list(self._gathered):
            self._finish(key)
        if self._storing:
            await asyncio.wait(self._storing)

    def _begin(self, key: Hashable, inbound: Inbound, part_count: int) -> _Gathered:
        if len(self._gathered) >= GATHERED_MAX:
            raise NoRoom
        return self._wait_for_others(key, _Gathered(inbound, part_count))

    def _wait_for_others(self, key: Hashable, gathered: _Gathered) -> _Gathered:
        self._gathered[key] = gathered
        gathered.timer = asyncio.get_running_loop().call_later(GIVE_UP_AFTER_S, self._finish, key)
        return gathered

    def _finish(self, key: Hashable) -> None:
        gathered = self._gathered.pop(key)
        if gathered.timer is not None:
            gathered.timer.cancel()
        task = asyncio.ensure_future(self._store_text(gathered))
        self._storing.add(task)
        task.add_done_callback(partial(self._note_stored, key, gathered))

    async def _store_text(self, gathered: _Gathered) -> None:
        await self._store(gathered.first, gathered.text)

    def _note_stored(self, key: Hashable, gathered: _Gathered, task: "asyncio.Task[None]") -> None:
        self._storing.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        for answer in gathered.unanswered:
            _answer(answer, error)
        gathered.unanswered.clear()
        if error is not None:
            self._keep(key, gathered)

    def _keep(self, key: Hashable, gathered: _Gathered) -> None:
        """Some of its parts may have been acknowledged: nobody will send those again."""
        if (newer := self._gathered.get(key)) is None:
            self._wait_for_others(key, gathered)
        else:
            newer.parts = gathered.parts | newer.parts


def _answer(answer: "asyncio.Future[None]", error: BaseException | None = None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(None)
    else:
        answer.set_exception(error)
