"""Sets of rows: who listens, what is recorded for them, and deliveries claimed with room for every endpoint."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from khata.kernel.arrays import array_text, array_texts
from khata.kernel.copying import copy_rows

Connection = psycopg.Connection[Any]

LEASE_S = 60
"""For how long a worker has what it claimed to itself; one attempt takes less."""

_LISTENERS = """
    select organisation_id, id, event_types from webhooks_webhookendpoint
     where organisation_id = any(%s::bigint[]) and disabled_at is null
"""
_COPY_EVENTS = "copy webhooks_recordedevent (id, organisation_id, type, body, recorded_at) from stdin (format binary)"
_EVENT_TYPES = ("uuid", "int8", "text", "text", "timestamptz")
_INSERT_DELIVERIES = """
    insert into webhooks_delivery (id, organisation_id, event_id, endpoint_id, state, attempts_count, created_at,
                                   due_at)
    select id, organisation_id, event_id, endpoint_id, 'pending', 0, now(), now()
      from unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::uuid[]) as new (id, organisation_id, event_id, endpoint_id)
"""
# The first part walks the index from endpoint to endpoint, so that a backlog of one costs the others nothing. An
# endpoint that fails has room for one attempt at a time, until one succeeds.
_CLAIM = """
    with recursive waiting (endpoint_id) as (
        (select endpoint_id from webhooks_delivery where due_at is not null order by endpoint_id limit 1)
        union all
        select (select endpoint_id from webhooks_delivery
                 where due_at is not null and endpoint_id > waiting.endpoint_id order by endpoint_id limit 1)
          from waiting where waiting.endpoint_id is not null),
    room as (
        select endpoint.id, endpoint.url, salt, former_salt, former_until,
               greatest(0, case when failing_since is null then %(at_once)s else 1 end
                           - coalesce(busy.count, 0)) as room
          from waiting
          join webhooks_webhookendpoint endpoint on endpoint.id = waiting.endpoint_id and disabled_at is null
          left join unnest(%(busy)s::uuid[], %(counts)s::int[]) as busy (endpoint_id, count)
                 on busy.endpoint_id = endpoint.id),
    due as (
        select next.id, next.event_id, room.id as endpoint_id, url, salt, former_salt, former_until
          from room cross join lateral (
               select id, event_id, due_at from webhooks_delivery
                where endpoint_id = room.id and due_at <= now()
                order by due_at limit room.room for update skip locked) next
         order by next.due_at limit %(limit)s)
    update webhooks_delivery delivery
       set due_at = now() + make_interval(secs => %(lease_s)s), attempts_count = attempts_count + 1
      from due join webhooks_recordedevent event on event.id = due.event_id
     where delivery.id = due.id
    returning delivery.id, delivery.attempts_count, due.endpoint_id, event.id, event.body, url, salt, former_salt,
              former_until
"""
# Locked in the order of ids, as by whoever ends all of an endpoint's.
_WRITE_STATES = """
    with new as (
        select * from unnest(%s::uuid[], %s::smallint[], %s::bigint[], %s::text[])
                   as new (id, attempts_count, wait_ms, state)),
    held as (
        select delivery.id from webhooks_delivery delivery join new using (id)
         order by delivery.id for no key update of delivery)
    update webhooks_delivery delivery
       set state = new.state, due_at = now() + new.wait_ms * interval '1 millisecond',
           finished_at = case when new.wait_ms is null then now() end
      from new join held using (id)
     where delivery.id = new.id and delivery.attempts_count = new.attempts_count and delivery.due_at is not null
    returning delivery.id
"""
_DROP_EVENTS = """
    with old as (select id from webhooks_recordedevent
                  where recorded_at < %(before)s order by recorded_at limit %(limit)s),
         deliveries as (select id from webhooks_delivery where event_id in (select id from old)),
         attempts as (delete from webhooks_deliveryattempt where delivery_id in (select id from deliveries)),
         gone as (delete from webhooks_delivery where id in (select id from deliveries))
    delete from webhooks_recordedevent where id in (select id from old)
"""


class ClaimedDelivery(NamedTuple):
    """One attempt to be made by whoever claimed it; `attempts_count` counts it and fences what is written later."""

    id: UUID
    attempts_count: int
    endpoint_id: UUID
    event_id: UUID
    body: str
    url: str
    salt: bytes
    former_salt: bytes | None
    former_until: datetime | None


def listeners(connection: Connection, organisation_ids: Iterable[int]) -> dict[int, list[tuple[UUID, frozenset[str]]]]:
    """By organisation its endpoints that are not disabled, each with the event types it wants."""
    found: dict[int, list[tuple[UUID, frozenset[str]]]] = {}
    rows = psycopg.Cursor(connection).execute(_LISTENERS, [array_text(organisation_ids)], prepare=True)
    for organisation_id, endpoint_id, event_types in rows:
        found.setdefault(organisation_id, []).append((endpoint_id, frozenset(event_types)))
    return found


def copy_events(connection: Connection, events: Iterable[tuple[UUID, int, str, str, datetime]]) -> None:
    """Each an id, an organisation, a type, a body and when it is recorded."""
    copy_rows(connection, _COPY_EVENTS, _EVENT_TYPES, events)


def insert_deliveries(connection: Connection, deliveries: Iterable[tuple[UUID, int, UUID, UUID]]) -> None:
    """Each an id, an organisation, an event and an endpoint; due at once."""
    connection.execute(_INSERT_DELIVERIES, array_texts(deliveries, 4))


def claim(connection: Connection, *, busy: Mapping[UUID, int], at_once_max: int, limit: int) -> list[ClaimedDelivery]:
    """What is due, longest first; for no endpoint more than `at_once_max` less what it is `busy` with already."""
    parameters = {
        "busy": array_text(busy),
        "counts": array_text(busy.values()),
        "at_once": at_once_max,
        "limit": limit,
        "lease_s": LEASE_S,
    }
    return [ClaimedDelivery(*row) for row in connection.execute(_CLAIM, parameters)]


def write_states(connection: Connection, states: Sequence[tuple[UUID, int, int | None, str]]) -> set[UUID]:
    """Each an id, its fence, the wait until the next attempt (None: there is none) and a state.

    Returns the ids written: what was claimed anew meanwhile, or ended with its endpoint, is not.
    """
    facts = array_texts((state[:3] for state in states), 3)
    rows = connection.execute(_WRITE_STATES, [*facts, "{" + ",".join(state[3] for state in states) + "}"])
    return {row[0] for row in rows}


def drop_events(connection: Connection, *, before: datetime, limit: int) -> int:
    """Events recorded before then, with all their deliveries and attempts. Returns how many went."""
    return connection.execute(_DROP_EVENTS, {"before": before, "limit": limit}).rowcount
