"""Everything a worker process does, started and stopped together."""

import asyncio
import logging
import signal
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from khata.carriers.registry import make_carriers
from khata.kernel.group_commit import GroupCommit
from khata.kernel.memory import settle_memory
from khata.kernel.metrics import batch_observer
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import expire_due_lots
from khata.messaging.core.hand_over import RENEWAL_S
from khata.messaging.operations import (
    READ_EVERY_S,
    News,
    apply_parked_receipts,
    configured_routes,
    drop_foreign_receipts,
    drop_old_idempotency_keys,
    drop_sent_attachments,
    end_lease,
    new_lease_token,
    release_scheduled,
    renew_lease,
    settle_news,
    sweep_overdue,
    write_readings,
)
from khata.webhooks.configuration import opened_networks
from khata.webhooks.posting import Poster
from khata.workers.carrier_gauges import measure_carriers
from khata.workers.carrier_line import CarrierLine
from khata.workers.database_threads import DatabaseThreads
from khata.workers.dispatcher import Dispatcher, Settle, Turns
from khata.workers.jobs import run_jobs
from khata.workers.loops import repeat
from khata.workers.questions import Asker
from khata.workers.scheduled_proof import prove_on_schedule
from khata.workers.webhook_courier import WebhookCourier

logger = logging.getLogger(__name__)

CLAIM_IDLE_S = 0.1
RECEIPTS_IDLE_S = 0.2
ASK_IDLE_S = 1.0
WEBHOOKS_IDLE_S = 0.25
RELEASE_IDLE_S = 1.0
SWEEP_IDLE_S = 5.0
HOUSEKEEPING_IDLE_S = 60.0

RELEASED_AT_ONCE_MAX = 1_000


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
    lines = {carrier.name: CarrierLine(carrier) for carrier in carriers}
    dispatchers = _dispatchers(lines, database, news.submit, token)
    asker = Asker(carriers, database, news.submit)
    courier = WebhookCourier(database, Poster(opened=opened_networks()))

    for carrier in carriers:
        await carrier.start(news.submit)
    async with asyncio.TaskGroup() as tasks:
        for dispatcher in dispatchers:
            tasks.create_task(repeat("claim", dispatcher.claim, idle_s=CLAIM_IDLE_S, stopping=stopping))
        tasks.create_task(repeat("silent submissions", asker.ask, idle_s=ASK_IDLE_S, stopping=stopping))
        read = partial(_read_carriers, lines.values(), database, token)
        tasks.create_task(repeat("carrier readings", read, idle_s=READ_EVERY_S, stopping=stopping))
        for name, operation, idle_s, until in (
            ("lease", partial(renew_lease, token=token), RENEWAL_S, drained),
            ("release", partial(release_scheduled, limit=RELEASED_AT_ONCE_MAX), RELEASE_IDLE_S, stopping),
            ("sweep", partial(sweep_overdue, token=token), SWEEP_IDLE_S, stopping),
            ("parked receipts", apply_parked_receipts, RECEIPTS_IDLE_S, drained),
            ("expiry", expire_due_lots, HOUSEKEEPING_IDLE_S, stopping),
            ("foreign receipts", drop_foreign_receipts, HOUSEKEEPING_IDLE_S, stopping),
            ("sent attachments", drop_sent_attachments, HOUSEKEEPING_IDLE_S, stopping),
            ("old idempotency keys", drop_old_idempotency_keys, HOUSEKEEPING_IDLE_S, stopping),
        ):
            tasks.create_task(repeat(name, partial(database.run, operation), idle_s=idle_s, stopping=until))
        tasks.create_task(repeat("webhooks", courier.claim, idle_s=WEBHOOKS_IDLE_S, stopping=stopping))
        tasks.create_task(run_jobs(stopping))
        tasks.create_task(prove_on_schedule(database, stopping))
        settle_memory()
        logger.info("worker ready: %s", ", ".join(carrier.name for carrier in carriers) or "no carrier configured")
        await stopping.wait()
        logger.info("worker stopping")
        for dispatcher in dispatchers:
            dispatcher.stop()
        await asyncio.gather(*(dispatcher.drain() for dispatcher in dispatchers))
        for carrier in carriers:
            await carrier.close()
        await news.drain()
        await courier.drain()
        drained.set()
    await database.run(end_lease, token=token)
    database.close()


def _dispatchers(
    lines: Mapping[str, CarrierLine], database: DatabaseThreads, settle: Settle, token: int
) -> list[Dispatcher]:
    """One for each route that has a carrier."""
    turns = Turns()
    return [
        Dispatcher(
            route.name,
            [lines[name] for name in route.carriers if name in lines],
            database,
            settle,
            turns,
            lease_token=token,
        )
        for route in configured_routes()
        if any(name in lines for name in route.carriers)
    ]


async def _read_carriers(lines: Iterable[CarrierLine], database: DatabaseThreads, token: int) -> None:
    await database.run(write_readings, [line.reading() for line in lines], token=token)


def _settle(news: Sequence[News]) -> list[None]:
    """One commit for all that came while the last one was being written."""
    with_pooled_connection(partial(settle_news, news))
    return [None] * len(news)
