"""The writer behind `POST /v1/messages`: concurrent requests of one process share commits."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from weakref import WeakKeyDictionary

from khata.api.authentication import address_of
from khata.api.threads import in_database_thread
from khata.kernel.group_commit import GroupCommit
from khata.kernel.metrics import batch_observer
from khata.kernel.transactions import close_own_connection, with_own_connection
from khata.messaging.operations import Acceptance, Accepted, Answer, accept_batch
from khata.tenancy.operations import note_api_key_use_by_digest

AcceptanceWriter = GroupCommit[Acceptance, Accepted]

USE_PRECISION_S = 60.0
"""How exact "last used" is: a busy key is written once in that time."""

_WRITERS: "WeakKeyDictionary[asyncio.AbstractEventLoop, AcceptanceWriter]" = WeakKeyDictionary()
_USES: dict[bytes, float] = {}
_NOTING: set["asyncio.Task[None]"] = set()


def acceptance_writer() -> AcceptanceWriter:
    """The running event loop's writer; a refusal comes as its exception."""
    loop = asyncio.get_running_loop()
    writer = _WRITERS.get(loop)
    if writer is None:
        writer = _WRITERS[loop] = GroupCommit(
            _accept, on_batch=batch_observer("acceptance"), on_end=close_own_connection
        )
    return writer


async def drain_acceptance_writer() -> None:
    """Answers whoever still waits; called when the process stops."""
    writer = _WRITERS.pop(asyncio.get_running_loop(), None)
    if writer is not None:
        await writer.drain()


def note_use(digest: bytes, client: tuple[str, int] | None) -> None:
    """Has "last used" written, beside the request and rarely: no caller waits for it."""
    now = time.monotonic()
    if now - _USES.get(digest, -USE_PRECISION_S) < USE_PRECISION_S:
        return
    _USES[digest] = now
    note = partial(note_api_key_use_by_digest, digest=digest, ip=address_of(client[0] if client else None))
    task = asyncio.get_running_loop().create_task(in_database_thread(note))
    _NOTING.add(task)
    task.add_done_callback(_NOTING.discard)


def _accept(acceptances: Sequence[Acceptance]) -> list[Answer]:
    return with_own_connection(partial(accept_batch, acceptances))
