"""What happens without anyone asking: webhook deliveries, and all that only waits for its time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from khata_sandbox.gateway.dispute_faults import dispute_due
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.payment_links import expire_links
from khata_sandbox.gateway.payments import settle_due
from khata_sandbox.gateway.qr_codes import close_qr_codes_due
from khata_sandbox.gateway.recurring import charge_due
from khata_sandbox.gateway.refunds import end_refunds_due
from khata_sandbox.gateway.settlements import settle_day_due
from khata_sandbox.gateway.webhooks import ANSWER_TIMEOUT_S, deliver_due

POLL_S = 0.2

WORKS: tuple[Callable[[Gateway], object], ...] = (
    settle_due,
    charge_due,
    end_refunds_due,
    dispute_due,
    expire_links,
    close_qr_codes_due,
    settle_day_due,
)
"""Each may run at any moment and does what is due by then."""

logger = logging.getLogger(__name__)


@asynccontextmanager
async def background_work(gateway: Gateway) -> AsyncIterator[None]:
    """Runs it until the block is left."""
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_TIMEOUT_S) as client:
        tasks = [asyncio.create_task(_keep_time(gateway)), asyncio.create_task(_keep_delivering(gateway, client))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def do_what_is_due(gateway: Gateway) -> None:
    """Everything but webhooks, for which somebody else has to answer."""
    for work in WORKS:
        try:
            work(gateway)
        except Exception:
            logger.exception("Background work failed; it will be tried again.")


async def _keep_time(gateway: Gateway) -> None:
    while True:
        do_what_is_due(gateway)
        await asyncio.sleep(POLL_S)


async def _keep_delivering(gateway: Gateway, client: httpx.AsyncClient) -> None:
    while True:
        try:
            await deliver_due(gateway, client)
        except Exception:
            logger.exception("A delivery failed; it will be tried again.")
        await asyncio.sleep(POLL_S)
