"""Rows that guard destinations, in batches: numbers opted out, and what went where."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import psycopg

from khata.kernel.arrays import array_text, array_texts
from khata.kernel.ids import new_uuid, shard_of
from khata.messaging.core.velocity import Velocity
from khata.messaging.rows import Connection

_FIND_OPT_OUTS = """
    select organisation_id, recipient
      from unnest(%s::smallint[], %s::bigint[], %s::text[]) as named (shard, organisation_id, recipient)
      join messaging_optout using (shard, organisation_id, recipient)
"""
# In one order, so that two writers never wait for each other in a circle.
_ADD_OPT_OUTS = """
    insert into messaging_optout (shard, organisation_id, recipient, id, reason, created_at)
    select shard, organisation_id, recipient, id, %s, now()
      from unnest(%s::smallint[], %s::bigint[], %s::text[], %s::uuid[]) as new (shard, organisation_id, recipient, id)
     order by shard, organisation_id, recipient
        on conflict do nothing
"""
_DELETE_OPT_OUTS = """
    delete from messaging_optout
     where (shard, organisation_id, recipient) in (
           select shard, organisation_id, recipient from messaging_optout
             join unnest(%s::smallint[], %s::bigint[], %s::text[]) as named (shard, organisation_id, recipient)
            using (shard, organisation_id, recipient)
            order by shard, organisation_id, recipient for update of messaging_optout)
"""
_LOAD_VELOCITIES = """
    select clock_timestamp(), organisation_id, destination, hour_at, in_hour, day, in_day, usual_per_day
      from (select) as always left join (
           unnest(%s::smallint[], %s::bigint[], %s::text[]) as named (shard, organisation_id, destination)
           join messaging_velocity using (shard, organisation_id, destination)) on true
"""
_WRITE_VELOCITIES = """
    insert into messaging_velocity (shard, organisation_id, destination, hour_at, in_hour, day, in_day, usual_per_day)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (shard, organisation_id, destination)
        do update set hour_at = excluded.hour_at, in_hour = excluded.in_hour, day = excluded.day,
                      in_day = excluded.in_day, usual_per_day = excluded.usual_per_day
"""


class Number(NamedTuple):
    """A number as one organisation writes to it; E.164."""

    organisation_id: int
    recipient: str


class Destination(NamedTuple):
    """A country, or the prefix a rule names, as one organisation writes to it."""

    organisation_id: int
    name: str


def find_opted_out(connection: Connection, numbers: Collection[Number]) -> set[Number]:
    """Those of `numbers` that must not be written to."""
    rows = psycopg.Cursor(connection).execute(_FIND_OPT_OUTS, _columns(numbers), prepare=True)
    return {Number(*row) for row in rows}


def add_opted_out(connection: Connection, numbers: Collection[Number], reason: str) -> int:
    """Returns how many were new; the others keep their reason."""
    ids = array_text([new_uuid() for _ in numbers])
    return connection.execute(_ADD_OPT_OUTS, [reason, *_columns(numbers), ids]).rowcount


def delete_opted_out(connection: Connection, numbers: Collection[Number]) -> int:
    """Returns how many there were."""
    return connection.execute(_DELETE_OPT_OUTS, _columns(numbers)).rowcount


def load_velocities(
    connection: Connection, destinations: Collection[Destination]
) -> tuple[datetime, dict[Destination, Velocity]]:
    """The database's time, and the rows there are."""
    cursor = psycopg.Cursor(connection).execute(_LOAD_VELOCITIES, _columns(destinations), prepare=True)
    rows = cursor.fetchall()
    return rows[0][0], {Destination(row[1], row[2]): Velocity(*row[3:]) for row in rows if row[1] is not None}


def write_velocities(connection: Connection, velocities: Mapping[Destination, Velocity]) -> None:
    rows = [(shard_of(to.organisation_id), *to, *velocity) for to, velocity in velocities.items()]
    connection.cursor().executemany(_WRITE_VELOCITIES, rows)


def _columns(named: Collection[tuple[int, str]]) -> list[str]:
    """Shards, organisations and texts. These are E.164 or what a rule names: nothing in them needs quotes."""
    ids = array_texts(((shard_of(organisation_id), organisation_id) for organisation_id, _ in named), 2)
    return [*ids, "{" + ",".join([text for _, text in named]) + "}"]
