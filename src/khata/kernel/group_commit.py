"""Group commit: while one batch commits, the next one gathers. Nothing waits on a timer.

Callers on an event loop hand in one request each and get their own answer; one thread writes batch after batch. A
batch that fails is tried again once, then halved until the request that poisons it stands alone.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from khata.kernel.errors import DatabaseUnavailable, ErrorKind, KhataError
from khata.kernel.metrics import OnBatch

logger = logging.getLogger(__name__)

Request = TypeVar("Request")
Answer = TypeVar("Answer")

BATCH_COUNT_MAX = 2_048
WAITING_COUNT_MAX = 20_000


class Overloaded(KhataError):
    """More is asked than can be written just now. Nothing was changed; try again shortly."""

    kind = ErrorKind.UNAVAILABLE


@dataclass(slots=True)
class GroupCommitCounts:
    """What has gone through since the start; for metrics."""

    batches: int = 0
    requests: int = 0
    largest: int = 0
    refused: int = 0


class GroupCommit(Generic[Request, Answer]):
    """For one event loop. `commit` writes a batch in one transaction and answers every request, in order.

    An answer that is a KhataError is raised to its caller. `on_end` runs on the writing thread, after the last batch.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Request]], Sequence[Answer | KhataError]],
        *,
        batch_count_max: int = BATCH_COUNT_MAX,
        waiting_count_max: int = WAITING_COUNT_MAX,
        on_batch: OnBatch | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self._commit = commit
        self._on_end = on_end
        self._on_batch = on_batch
        self._batch_count_max = batch_count_max
        self._waiting_count_max = waiting_count_max
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="group-commit")
        self._is_drained = False
        self.counts = GroupCommitCounts()

    @property
    def waiting_count(self) -> int:
        return len(self._waiting)

    def submit(self, request: Request) -> "asyncio.Future[Answer]":
        """The answer to come.

        Raises Overloaded at once where too many wait already, so that memory stays bounded, and after `drain`.
        """
        if self._is_drained or len(self._waiting) >= self._waiting_count_max:
            self.counts.refused += 1
            raise Overloaded
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((request, answer))
        if self._writing is None:
            self._writing = loop.create_task(self._write_batches())
        return answer

    async def drain(self) -> None:
        """Comes back when everything handed in is answered; then the thread is gone and nothing is taken any more."""
        while self._writing is not None:
            await asyncio.wait({self._writing})
        if self._is_drained:
            return
        self._is_drained = True
        if self._on_end is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._on_end)
        self._thread.shutdown(wait=True)

    async def _write_batches(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._batch_count_max], self._waiting[self._batch_count_max :]
                began = loop.time()
                answers = await loop.run_in_executor(self._thread, self._write, [request for request, _ in batch])
                self._count(len(batch), loop.time() - began)
                for (_, future), answer in zip(batch, answers, strict=True):
                    _resolve(future, answer)
        finally:
            self._writing = None

    def _write(self, batch: Sequence[Request]) -> "list[Answer | Exception]":
        """Two tries for the whole, then each half on its own; a database that is away answers all at once."""
        for attempt in (1, 2):
            try:
                return list(self._commit(batch))
            except DatabaseUnavailable as error:
                return [error for _ in batch]
            except Exception as error:
                logger.warning("a batch of %d failed (try %d)", len(batch), attempt, exc_info=error)
                failure = error
        if len(batch) == 1:
            return [failure]
        half = len(batch) // 2
        return self._write(batch[:half]) + self._write(batch[half:])

    def _count(self, size: int, took_s: float) -> None:
        self.counts.batches += 1
        self.counts.requests += size
        self.counts.largest = max(self.counts.largest, size)
        if self._on_batch is not None:
            self._on_batch(size, took_s, len(self._waiting))


def _resolve(future: "asyncio.Future[Answer]", answer: "Answer | Exception") -> None:
    if future.done():  # its caller went away; the effect stands, and the idempotency key finds it
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
