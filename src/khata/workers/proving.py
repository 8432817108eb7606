"""One scheduled proof of the ledger, as a process: gives way to all others, and ends with the worker it belongs to."""

import logging
import os
import sys
from datetime import timedelta
from functools import partial
from threading import Thread

import django

NICENESS = 10
STANDARD_INPUT = 0

logger = logging.getLogger("khata.workers.proving")  # As a program its name would be "__main__".


def main() -> int:
    """The exit code: 0 also for a ledger that is not sound, which has been said and recorded by then."""
    Thread(target=_end_with_standard_input, daemon=True).start()
    os.nice(NICENESS)
    django.setup()
    try:
        _prove()
    except Exception:
        logger.exception("the ledger was not proved")
        return 1
    return 0


def _prove() -> None:
    # Django's models cannot be imported before it is set up.
    from django.conf import settings

    from khata.kernel.transactions import with_pooled_connection
    from khata.ledger.operations import prove_if_due

    interval = timedelta(minutes=settings.ENVIRONMENT.proof_interval_minutes)
    run = with_pooled_connection(partial(prove_if_due, interval=interval))
    if run is not None and run.is_sound:
        counts = (run.organisations_count, run.transfers_count, run.took_ms)
        logger.info("the ledger is sound: %d organisations, %d transfers, proved in %d ms", *counts)


def _end_with_standard_input() -> None:
    # Not through `sys.stdin`: its lock would be held by this thread when the interpreter closes it.
    while os.read(STANDARD_INPUT, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
