"""Figures of messages on their way, for whoever watches the installation.

Each reads a partial index that holds only messages on their way, in order, and stops counting at COUNT_MAX: ten
million finished messages cost nothing, and neither does a backlog of a million.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from khata.messaging.core.life import MessageStatus

COUNT_MAX = 100_000

_OPEN = """
    select count(*) filter (where status = %(accepted)s), count(*) filter (where status = %(submitting)s),
           count(*) filter (where status = %(accepted)s and due_at <= now()),
           min(due_at) filter (where status = %(accepted)s and due_at <= now()), min(claimed_at)
      from (select status, due_at, claimed_at from messaging_message where is_open
             order by id limit %(most)s) as oldest
"""
"""Index message_open; ids follow the time of acceptance."""
_UNKNOWN = """
    select count(*), min(submitted_at)
      from (select submitted_at from messaging_message where is_doubtful
             order by submitted_at limit %(most)s) as doubtful
"""
"""Index message_doubtful."""
_PARKED = """
    select count(*), min(received_at)
      from (select received_at from messaging_parkedreceipt order by id limit %(most)s) as parked
"""
"""The primary key: receipts are numbered as they come."""

_PARAMETERS = {
    "accepted": int(MessageStatus.ACCEPTED),
    "submitting": int(MessageStatus.SUBMITTING),
    "most": COUNT_MAX,
}


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """Counted over the oldest COUNT_MAX of each kind. Accepted, submitting and unknown messages have an open hold."""

    accepted_count: int
    due_count: int
    due_since: datetime | None
    submitting_count: int
    unknown_count: int
    unsettled_since: datetime | None
    """When the oldest message that a carrier has, or may have, and that is not settled was handed over."""
    parked_receipts_count: int
    parked_since: datetime | None


def message_figures() -> MessageFigures:
    accepted_count, submitting_count, due_count, due_since, claimed_at = _row(_OPEN)
    unknown_count, doubted_since = _row(_UNKNOWN)
    parked_count, parked_since = _row(_PARKED)
    return MessageFigures(
        accepted_count=accepted_count,
        due_count=due_count,
        due_since=due_since,
        submitting_count=submitting_count,
        unknown_count=unknown_count,
        unsettled_since=min((at for at in (claimed_at, doubted_since) if at is not None), default=None),
        parked_receipts_count=parked_count,
        parked_since=parked_since,
    )


def _row(statement: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _PARAMETERS)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
