"""A step repeated until told to stop: at once while there is work, after a pause where there is none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from khata.kernel.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)

Step = Callable[[], Awaitable[int | None]]
"""Does one round of work and says how much there was; None where that is not counted."""

RECOVERY_S = 1.0


async def repeat(name: str, step: Step, *, idle_s: float, stopping: asyncio.Event) -> None:
    """A step that raises is logged and tried again after a pause: one bad round must not end the worker."""
    while not stopping.is_set():
        try:
            pause_s = 0.0 if await step() else idle_s
        except DatabaseUnavailable:
            logger.warning("%s: the database is away, trying again in %s s", name, RECOVERY_S)
            pause_s = RECOVERY_S
        except Exception:
            logger.exception("%s failed, trying again in %s s", name, RECOVERY_S)
            pause_s = RECOVERY_S
        await _pause(pause_s, stopping)


async def _pause(seconds: float, stopping: asyncio.Event) -> None:
    if not seconds:
        await asyncio.sleep(0)
        return
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
