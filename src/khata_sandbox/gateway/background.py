"""What happens without anyone asking: webhook deliveries, banks that time out, banks that confirm late."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.payments import settle_due
from khata_sandbox.gateway.webhooks import ANSWER_TIMEOUT_S, deliver_due

POLL_S = 0.2

logger = logging.getLogger(__name__)


@asynccontextmanager
async def background_work(gateway: Gateway) -> AsyncIterator[None]:
    """Runs it until the block is left."""
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_TIMEOUT_S) as client:

        async def deliver() -> None:
            await deliver_due(gateway, client)

        async def settle() -> None:
            settle_due(gateway)

        tasks = [asyncio.create_task(_repeat(deliver)), asyncio.create_task(_repeat(settle))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            logger.exception("Background work failed; it will be tried again.")
        await asyncio.sleep(POLL_S)
