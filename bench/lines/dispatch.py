"""Accepted messages through one worker to the message centre and back: until all are `delivered` in the database."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import psycopg

from bench.bare_smpp import smpp_per_s
from bench.figures import Figure
from bench.stage import Stage, wait_until
from bench.traffic import acceptances, open_wallets
from khata.messaging.core.life import MessageStatus
from khata.messaging.operations import accept_batch

ACCEPT_COUNT = 2_000
DEADLINE_S, DEADLINE_S_PER_MESSAGE = 60.0, 0.01

_HAS_CLAIMED = "select exists (select from messaging_message where is_open and status = %s)"
_HAS_OPEN = """
    select exists (select from messaging_message where is_open) or exists (select from messaging_awaitedpart)
"""
"""Cheap enough to be asked again and again: a partial index, and a table that drains."""
_DELIVERED = "select count(*) from messaging_message where status = %s"


def measure(stage: Stage) -> Iterator[Figure]:
    count = stage.scale.dispatched_count
    organisation_ids = open_wallets(1)
    for first in range(0, count, ACCEPT_COUNT):
        accept_batch(acceptances(organisation_ids, min(ACCEPT_COUNT, count - first), first=first))
    with stage.running("smsc"):
        ceiling = asyncio.run(smpp_per_s(stage, count))
        with stage.connection() as connection:
            took_s = _dispatch(stage, connection, count)
    note = f"{count:,} messages, one worker, receipts included; ceiling: the bare driver without a database"
    yield Figure("dispatch, end to end", count / took_s, "msg/s", ceiling, note)


def _dispatch(stage: Stage, connection: psycopg.Connection[Any], count: int) -> float:
    """Seconds from the first claim on; starting the worker does not count. Raises TimeoutError."""
    deadline_s = DEADLINE_S + DEADLINE_S_PER_MESSAGE * count

    def has_claimed() -> bool:
        return bool(_one(connection, _HAS_CLAIMED, int(MessageStatus.SUBMITTING)))

    with stage.running("worker"):
        wait_until(has_claimed, DEADLINE_S, "the worker claims a message", interval_s=0.01)
        began = time.monotonic()
        wait_until(lambda: not _one(connection, _HAS_OPEN), deadline_s, "every message is final", interval_s=0.1)
        took_s = time.monotonic() - began
    delivered = _one(connection, _DELIVERED, int(MessageStatus.DELIVERED))
    assert delivered == count, f"{delivered} of {count} messages were delivered"
    return took_s


def _one(connection: psycopg.Connection[Any], query: str, *parameters: int) -> Any:
    """The one value of the one row."""
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return row[0]
