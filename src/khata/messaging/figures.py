"""Figures of messages on their way, for whoever watches the installation.

Each reads a partial index that holds only messages on their way, in order, and stops counting at COUNT_MAX: ten
million finished messages cost nothing, and neither does a backlog of a million.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from khata.kernel.clock import utc_now
from khata.messaging.core.life import MessageStatus
from khata.messaging.models import CarrierReading

COUNT_MAX = 100_000
READING_MAX = timedelta(seconds=30)
"""An older reading is of a worker that is gone or hangs."""

_OPEN = """
    select route.name, count(*) filter (where status = %(accepted)s), count(*) filter (where status = %(submitting)s),
           count(*) filter (where status = %(accepted)s and due_at <= now()),
           min(due_at) filter (where status = %(accepted)s and due_at <= now()), min(claimed_at)
      from messaging_routeversion route cross join lateral (
           select status, due_at, claimed_at from messaging_message where is_open and route_id = route.id
            order by messaging_message.id limit %(most)s) as oldest
     group by route.name order by route.name
"""
"""Index message_open_by_route; ids follow the time of acceptance."""
_UNRELEASED = """
    select count(*), min(release_at)
      from (select release_at from messaging_message where release_at <= now()
             order by release_at limit %(most)s) as scheduled
"""
"""Index message_scheduled."""
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
class RouteQueue:
    """A route's messages that no carrier has taken yet, counted over the oldest COUNT_MAX of each of its versions."""

    route: str
    accepted_count: int
    submitting_count: int
    due_count: int
    due_since: datetime | None
    claimed_since: datetime | None


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """Counted over the oldest COUNT_MAX of each kind.

    Scheduled, accepted, submitting and unknown messages have an open hold.
    """

    queues: tuple[RouteQueue, ...]
    """Of routes that have such messages, by name."""
    accepted_count: int
    due_count: int
    """With scheduled messages whose time has come, and only those."""
    due_since: datetime | None
    submitting_count: int
    unknown_count: int
    unsettled_since: datetime | None
    """When the oldest message that a carrier has, or may have, and that is not settled was handed over."""
    parked_receipts_count: int
    parked_since: datetime | None


@dataclass(frozen=True, slots=True)
class CarrierStanding:
    """What all workers together see of a carrier. Window, outstanding and rate are sums."""

    carrier: str
    workers_count: int
    bound_count: int
    resting_count: int
    """Workers that leave it alone for a while, because it keeps failing."""
    window: int
    outstanding_count: int
    answers_per_min: int
    detail: str
    """The state of a connection that is not bound, if there is one."""
    last_error: str
    last_error_at: datetime | None


def message_figures() -> MessageFigures:
    queues = route_queues()
    ((unreleased_count, unreleased_since),) = _rows(_UNRELEASED)
    ((unknown_count, doubted_since),) = _rows(_UNKNOWN)
    ((parked_count, parked_since),) = _rows(_PARKED)
    return MessageFigures(
        queues=queues,
        accepted_count=sum(queue.accepted_count for queue in queues),
        due_count=sum(queue.due_count for queue in queues) + unreleased_count,
        due_since=_earliest([*(queue.due_since for queue in queues), unreleased_since]),
        submitting_count=sum(queue.submitting_count for queue in queues),
        unknown_count=unknown_count,
        unsettled_since=_earliest([*(queue.claimed_since for queue in queues), doubted_since]),
        parked_receipts_count=parked_count,
        parked_since=parked_since,
    )


def route_queues() -> tuple[RouteQueue, ...]:
    """By route's name, only those with messages."""
    return tuple(RouteQueue(*row) for row in _rows(_OPEN))


def carrier_standings() -> dict[str, CarrierStanding]:
    """By carrier; none of those no living worker has."""
    readings = CarrierReading.objects.filter(read_at__gte=utc_now() - READING_MAX).order_by("is_bound", "-read_at")
    by_carrier: dict[str, list[CarrierReading]] = {}
    for reading in readings:
        by_carrier.setdefault(reading.carrier, []).append(reading)
    return {carrier: _standing(carrier, found) for carrier, found in by_carrier.items()}


def _standing(carrier: str, readings: Sequence[CarrierReading]) -> CarrierStanding:
    """`readings` begin with those that are not bound."""
    errors = [(one.last_error_at, one.last_error) for one in readings if one.last_error_at is not None]
    last_error_at, last_error = max(errors, default=(None, ""))
    return CarrierStanding(
        carrier=carrier,
        workers_count=len(readings),
        bound_count=sum(reading.is_bound for reading in readings),
        resting_count=sum(reading.is_resting for reading in readings),
        window=sum(reading.window for reading in readings),
        outstanding_count=sum(reading.outstanding_count for reading in readings),
        answers_per_min=sum(reading.answers_per_min for reading in readings),
        detail=readings[0].detail,
        last_error=last_error,
        last_error_at=last_error_at,
    )


def _earliest(instants: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _PARAMETERS)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
