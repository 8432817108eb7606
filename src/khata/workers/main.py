"""Everything a worker process does, started and stopped together."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from functools import partial

from khata.carriers.port import Receipt
from khata.carriers.registry import make_carriers
from khata.kernel.group_commit import GroupCommit
from khata.kernel.metrics import batch_observer
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import expire_due_lots
from khata.messaging.operations import (
    apply_receipts,
    drop_foreign_receipts,
    drop_old_idempotency_keys,
    park_receipts,
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
SETTLE_IDLE_S = 0.02
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
    dispatchers = [Dispatcher(carrier, database) for carrier in carriers]

    receipts: GroupCommit[Receipt, None] = GroupCommit(_park, on_batch=batch_observer("receipts"))

    async def store(receipt: Receipt) -> None:
        await receipts.submit(receipt)

    for carrier in carriers:
        await carrier.start(store)
    async with asyncio.TaskGroup() as tasks:
        for dispatcher in dispatchers:
            tasks.create_task(repeat("claim", dispatcher.claim, idle_s=CLAIM_IDLE_S, stopping=stopping))
            tasks.create_task(repeat("settle", dispatcher.settle, idle_s=SETTLE_IDLE_S, stopping=drained))
        for name, operation, idle_s, until in (
            ("receipts", apply_receipts, RECEIPTS_IDLE_S, drained),
            ("sweep", sweep_overdue, SWEEP_IDLE_S, stopping),
            ("expiry", expire_due_lots, HOUSEKEEPING_IDLE_S, stopping),
            ("foreign receipts", drop_foreign_receipts, HOUSEKEEPING_IDLE_S, stopping),
            ("old idempotency keys", drop_old_idempotency_keys, HOUSEKEEPING_IDLE_S, stopping),
        ):
            tasks.create_task(repeat(name, partial(database.run, operation), idle_s=idle_s, stopping=until))
        tasks.create_task(run_jobs(stopping))
        tasks.create_task(prove_on_schedule(database, stopping))
        logger.info("worker ready: %s", ", ".join(carrier.name for carrier in carriers) or "no carrier configured")
        await stopping.wait()
        logger.info("worker stopping")
        for dispatcher in dispatchers:
            await dispatcher.drain()
        for carrier in carriers:
            await carrier.close()
        await receipts.drain()
        drained.set()
    database.close()


def _park(receipts: Sequence[Receipt]) -> list[None]:
    """One commit for all receipts that came while the last one was being written."""
    with_pooled_connection(partial(park_receipts, receipts))
    return [None] * len(receipts)
