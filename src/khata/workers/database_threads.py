"""Blocking database work off the event loop, on a few threads; each call takes a connection from the pool."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from khata.kernel.transactions import with_pooled_connection

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

THREADS_COUNT = 4


class DatabaseThreads:
    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(THREADS_COUNT, thread_name_prefix="database")

    async def run(
        self, operation: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        call = partial(operation, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._executor, with_pooled_connection, call)

    def close(self) -> None:
        self._executor.shutdown(wait=True)
