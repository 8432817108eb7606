"""Everything a worker process does, started and stopped together."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from functools import partial

from khata.carriers.registry import make_carriers
from khata.kernel.group_commit import GroupCommit
from khata.kernel.memory import settle_memory
from khata.kernel.metrics import batch_observer
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import expire_due_lots
from khata.messaging.core.hand_over import RENEWAL_S
from khata.messaging.operations import (
    News,
    apply_parked_receipts,
    drop_foreign_receipts,
    drop_old_idempotency_keys,
    end_lease,
    new_lease_token,
    renew_lease,
    settle_news,
    sweep_overdue,
)
from khata.workers.carrier_gauges import measure_carriers
from khata.workers.database_threads import DatabaseThreads
from khata.workers.dispatcher import Dispatcher
from khata.workers.jobs import run_jobs
from khata.workers.loops import repeat
from khata.workers.scheduled_proof import prove_on_schedule

logger = logging.getLogger(__name__)

CLAIM_IDLE_S = 0.1
RECEIPTS_IDLE_S = 0.2
SWEEP_IDLE_S = 5.0
HOUSEKEEPING_IDLE_S = 60.0


def run() -> None:
    """Blocks until SIGTERM or SIGINT, then finishes what is open and returns."""
    asyncio.run(_run())


async def _run() -> None:
    stopping, drained = asyncio.Event(), asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopping.set)
    database = DatabaseThreads()
    carriers = make_carriers()
    measure_carriers(carriers)
    token = new_lease_token()
    news: GroupCommit[News, None] = GroupCommit(_settle, on_batch=batch_observer("news"))
    dispatchers = [Dispatcher(carrier, database, news.submit, lease_token=token) for carrier in carriers]

    for carrier in carriers:
        await carrier.start(news.submit)
    async with asyncio.TaskGroup() as tasks:
        for dispatcher in dispatchers:
            tasks.create_task(repeat("claim", dispatcher.claim, idle_s=CLAIM_IDLE_S, stopping=stopping))
        for name, operation, idle_s, until in (
            ("lease", partial(renew_lease, token=token), RENEWAL_S, drained),
            ("sweep", partial(sweep_overdue, token=token), SWEEP_IDLE_S, stopping),
            ("parked receipts", apply_parked_receipts, RECEIPTS_IDLE_S, drained),
            ("expiry", expire_due_lots, HOUSEKEEPING_IDLE_S, stopping),
            ("foreign receipts", drop_foreign_receipts, HOUSEKEEPING_IDLE_S, stopping),
            ("old idempotency keys", drop_old_idempotency_keys, HOUSEKEEPING_IDLE_S, stopping),
        ):
            tasks.create_task(repeat(name, partial(database.run, operation), idle_s=idle_s, stopping=until))
        tasks.create_task(run_jobs(stopping))
        tasks.create_task(prove_on_schedule(database, stopping))
        settle_memory()
        logger.info("worker ready: %s", ", ".join(carrier.name for carrier in carriers) or "no carrier configured")
        await stopping.wait()
        logger.info("worker stopping")
        for dispatcher in dispatchers:
            await dispatcher.drain()
        for carrier in carriers:
            await carrier.close()
        await news.drain()
        drained.set()
    await database.run(end_lease, token=token)
    database.close()


def _settle(news: Sequence[News]) -> list[None]:
    """One commit for all that came while the last one was being written."""
    with_pooled_connection(partial(settle_news, news))
    return [None] * len(news)
