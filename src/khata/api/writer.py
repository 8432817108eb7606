"""The writer behind `POST /v1/messages`: concurrent requests of one process share commits."""

import asyncio
from collections.abc import Sequence
from functools import partial
from weakref import WeakKeyDictionary

from khata.kernel.group_commit import GroupCommit
from khata.kernel.transactions import with_pooled_connection
from khata.messaging.operations import Acceptance, Accepted, Answer, accept_batch

AcceptanceWriter = GroupCommit[Acceptance, Accepted]

_WRITERS: "WeakKeyDictionary[asyncio.AbstractEventLoop, AcceptanceWriter]" = WeakKeyDictionary()


def acceptance_writer() -> AcceptanceWriter:
    """The running event loop's writer; a refusal comes as its exception."""
    loop = asyncio.get_running_loop()
    writer = _WRITERS.get(loop)
    if writer is None:
        writer = _WRITERS[loop] = GroupCommit(_accept)
    return writer


async def drain_acceptance_writer() -> None:
    """Answers whoever still waits; called when the process stops."""
    writer = _WRITERS.pop(asyncio.get_running_loop(), None)
    if writer is not None:
        await writer.drain()


def _accept(acceptances: Sequence[Acceptance]) -> list[Answer]:
    return with_pooled_connection(partial(accept_batch, acceptances))
