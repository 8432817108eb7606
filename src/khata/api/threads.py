"""Blocking database work of a request, on a thread, with a connection from the pool."""

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

from khata.kernel.transactions import database_required, with_pooled_connection

Result = TypeVar("Result")


async def in_database_thread(call: Callable[[], Result]) -> Result:
    """Raises what `call` raises, and DatabaseUnavailable where the database does not answer."""
    return await to_thread.run_sync(_guarded, call)


def _guarded(call: Callable[[], Result]) -> Result:
    def run() -> Result:
        with database_required():
            return call()

    return with_pooled_connection(run)
