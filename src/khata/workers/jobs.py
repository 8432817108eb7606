"""Background jobs (procrastinate), and the watch over jobs whose worker died.

That watch is a plain loop, not a job: a reaper that is itself a job can stall with the rest.
"""

import asyncio
import contextlib
import logging

from asgiref.sync import sync_to_async
from django.db import connection
from procrastinate.contrib.django import app

logger = logging.getLogger(__name__)

CONCURRENCY = 4
SHUTDOWN_S = 10.0
STALLED_AFTER_S = 30.0
RECOVERY_S = 1.0


async def run_jobs(stopping: asyncio.Event) -> None:
    """Works off jobs until told to stop; comes back by itself when the database was away."""
    while not stopping.is_set():
        try:
            await _work(stopping)
        except Exception:
            logger.exception("the job worker failed, starting it again")
        await sync_to_async(_drop_connection)()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), RECOVERY_S)


def _drop_connection() -> None:
    """On the thread where procrastinate defers periodic jobs over Django's connection.

    Nobody else notices when that one died with the database; the job worker would end at once, again and again.
    """
    connection.close()


async def _work(stopping: asyncio.Event) -> None:
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    worker_app = app.with_connector(connector)
    async with worker_app.open_async():
        worker = asyncio.create_task(
            worker_app.run_worker_async(
                concurrency=CONCURRENCY,
                install_signal_handlers=False,
                shutdown_graceful_timeout=SHUTDOWN_S,
                delete_jobs="successful",
                update_heartbeat_interval=5,
                stalled_worker_timeout=STALLED_AFTER_S,
            )
        )
        stop = asyncio.create_task(stopping.wait())
        watch = asyncio.create_task(_retry_stalled(worker_app.job_manager))
        await asyncio.wait({worker, stop, watch}, return_when=asyncio.FIRST_COMPLETED)
        for task in (watch, stop, worker):
            task.cancel()
        results = await asyncio.gather(watch, stop, worker, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _retry_stalled(jobs: "object") -> None:
    while True:
        for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):  # type: ignore[attr-defined]
            logger.warning("job %s (%s) stalled: its worker died; putting it back", job.id, job.task_name)
            await jobs.retry_job(job)  # type: ignore[attr-defined]
        await asyncio.sleep(STALLED_AFTER_S / 2)
