"""The scheduled proof of the ledger: a plain loop that starts a process for each (proving.py).

A job could stall with the other jobs; a thread would compute for minutes between the messages of this process and keep
it from stopping.
"""

import asyncio
import contextlib
import logging
import sys
from datetime import timedelta

from django.conf import settings

from khata.ledger.operations import is_proof_due
from khata.workers.database_threads import DatabaseThreads
from khata.workers.loops import repeat

logger = logging.getLogger(__name__)

CHECK_S = 60.0
"""How often it is asked whether a proof is due; also the pause after one that failed."""


async def prove_on_schedule(database: DatabaseThreads, stopping: asyncio.Event) -> None:
    """Every KHATA_PROOF_INTERVAL_MINUTES over all workers together, until told to stop; a proof under way is given up.

    Returns at once where the interval is 0.
    """
    interval = timedelta(minutes=settings.ENVIRONMENT.proof_interval_minutes)
    if not interval:
        return

    async def step() -> int:
        if await database.run(is_proof_due, interval=interval):
            await _prove(stopping)
        return 0

    await repeat("ledger proof", step, idle_s=CHECK_S, stopping=stopping)


async def _prove(stopping: asyncio.Event) -> None:
    process = await asyncio.create_subprocess_exec(
        # Through its standard input it hears of this process's end, however that comes; a group of its own keeps
        # Ctrl-C from it.
        *(sys.executable, "-m", "khata.workers.proving"), stdin=asyncio.subprocess.PIPE, process_group=0
    )  # fmt: skip
    ended, stop = asyncio.create_task(process.wait()), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        is_complete = ended.done()
        stop.cancel()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await ended
    if is_complete and process.returncode:
        logger.error("the ledger proof failed with exit code %s", process.returncode)
