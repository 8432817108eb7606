"""Rows of acceptance, in batches: messages by COPY, and what is left of limits."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from khata.kernel.arrays import array_texts
from khata.kernel.copying import copy_rows
from khata.kernel.ids import shard_of
from khata.messaging.core.allowance import Allowance

Connection = psycopg.Connection[Any]

_COPY = """
    copy messaging_message (shard, organisation_id, id, channel, status, credits, accepted_at, due_at, api_key_id,
                            member_id, encoding, segments, attempts, recipient, sender, body, reference, metadata,
                            template_id, route_id, scheduled_at)
    from stdin (format binary)
"""
_TYPES = (
    "int2", "int8", "uuid", "int2", "int2", "int8", "timestamptz", "timestamptz", "uuid",
    "uuid", "int2", "int2", "int2", "text", "text", "text", "text", "jsonb",
    "uuid", "int2", "timestamptz",
)  # fmt: skip

_LOAD_ALLOWANCES = """
    select clock_timestamp(), organisation_id, api_key_id, messages_micro, filled_at, day, credits_today,
           credits_this_month
      from (select) as always left join (
           unnest(%s::smallint[], %s::bigint[], %s::uuid[]) as named (shard, organisation_id, api_key_id)
           join messaging_allowance using (shard, organisation_id, api_key_id)) on true
"""
_WRITE_ALLOWANCES = """
    insert into messaging_allowance (shard, organisation_id, api_key_id, messages_micro, filled_at, day,
                                     credits_today, credits_this_month)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (shard, organisation_id, api_key_id)
        do update set messages_micro = excluded.messages_micro, filled_at = excluded.filled_at, day = excluded.day,
                      credits_today = excluded.credits_today, credits_this_month = excluded.credits_this_month
"""


class Subject(NamedTuple):
    """Whose allowance it is; the API key is all zeros for the organisation itself."""

    organisation_id: int
    api_key_id: UUID


class NewMessage(NamedTuple):
    """A message about to be accepted: its row, in the order of `_COPY`."""

    shard: int
    organisation_id: int
    id: UUID
    channel: int
    status: int
    credits: int
    accepted_at: datetime
    due_at: datetime
    api_key_id: UUID | None
    member_id: UUID | None
    encoding: int
    segments: int
    attempts: int
    recipient: str
    sender: str
    body: str
    reference: str | None
    metadata: dict[str, str] | None
    template_id: UUID | None
    route_id: int
    scheduled_at: datetime | None


def copy_messages(connection: Connection, messages: Iterable[NewMessage]) -> None:
    copy_rows(connection, _COPY, _TYPES, messages)


def load_allowances(connection: Connection, subjects: Iterable[Subject]) -> tuple[datetime, dict[Subject, Allowance]]:
    """The database's time, and the rows there are."""
    named = array_texts(((shard_of(subject.organisation_id), *subject) for subject in subjects), 3)
    rows = psycopg.Cursor(connection).execute(_LOAD_ALLOWANCES, named, prepare=True).fetchall()
    return rows[0][0], {Subject(row[1], row[2]): Allowance(*row[3:]) for row in rows if row[1] is not None}


def write_allowances(connection: Connection, allowances: Mapping[Subject, Allowance]) -> None:
    rows = [(shard_of(subject.organisation_id), *subject, *allowance) for subject, allowance in allowances.items()]
    connection.cursor().executemany(_WRITE_ALLOWANCES, rows)
