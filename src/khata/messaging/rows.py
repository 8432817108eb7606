"""Message rows in and out in batches: COPY in at acceptance, claims by lease, settlement under the row's lock."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import transaction

from khata.kernel.ids import shard_of
from khata.kernel.metrics import count_finished
from khata.messaging.core.life import MessageStatus

Connection = psycopg.Connection[Any]

_COPY = """
    copy messaging_message (shard, organisation_id, id, channel, status, credits, accepted_at, due_at, api_key_id,
                            member_id, encoding, segments, attempts, recipient, sender, body, reference, metadata)
    from stdin (format binary)
"""
_TYPES = (
    "int2", "int8", "uuid", "int2", "int2", "int8", "timestamptz", "timestamptz", "uuid",
    "uuid", "int2", "int2", "int2", "text", "text", "text", "text", "jsonb",
)  # fmt: skip

_CLAIM = """
    with due as (
        select shard, organisation_id, id from messaging_message
         where is_open and status = %(accepted)s and due_at <= now()
         order by id limit %(limit)s for update skip locked)
    update messaging_message message
       set status = %(submitting)s, lease_token = %(token)s, attempts = attempts + 1,
           leased_until = now() + make_interval(secs => %(lease_s)s)
      from due
     where (message.shard, message.organisation_id, message.id) = (due.shard, due.organisation_id, due.id)
    returning message.organisation_id, message.id, recipient, sender, body, encoding, segments, credits, attempts,
              accepted_at, message.lease_token
"""
_LOCK = """
    select message.organisation_id, message.id, status, credits, segments, lease_token, attempts
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[]) as named (shard, organisation_id, id)
      join messaging_message message using (shard, organisation_id, id)
     order by message.shard, message.organisation_id, message.id
       for update of message
"""
_WRITE_CHANGES = """
    update messaging_message message
       set status = new.status, credits_captured = coalesce(new.captured, credits_captured),
           submitted_at = coalesce(message.submitted_at, new.submitted_at),
           settled_at = coalesce(new.settled_at, message.settled_at),
           finished_at = coalesce(new.finished_at, message.finished_at), due_at = coalesce(new.due_at, message.due_at),
           leased_until = null, lease_token = null, carrier = coalesce(new.carrier, message.carrier),
           carrier_refs = coalesce(string_to_array(new.refs, chr(31)), carrier_refs), error_code = new.error_code,
           error_detail = new.error_detail, receipt_raw = coalesce(new.receipt_raw, message.receipt_raw)
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[], %s::smallint[], %s::bigint[], %s::timestamptz[],
                  %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                  %s::text[], %s::text[])
           as new (shard, organisation_id, id, status, captured, submitted_at, settled_at, finished_at, due_at, carrier,
                   refs, error_code, error_detail, receipt_raw)
     where message.shard = new.shard and message.organisation_id = new.organisation_id and message.id = new.id
"""
_REFS_SEPARATOR = "\x1f"
_COPY_AWAITED = """
    copy messaging_awaitedpart (carrier, carrier_ref, organisation_id, message_id, part, status, error_code,
                                submitted_at) from stdin (format binary)
"""
_AWAITED_TYPES = ("text", "text", "int8", "uuid", "int2", "int2", "text", "timestamptz")


class NewMessage(NamedTuple):
    """A priced message about to be accepted."""

    id: UUID
    organisation_id: int
    channel: int
    encoding: int
    segments: int
    credits: int
    recipient: str
    sender: str
    body: str
    reference: str | None
    metadata: dict[str, str] | None
    api_key_id: UUID | None
    member_id: UUID | None


class ClaimedMessage(NamedTuple):
    """A message leased to one worker until its lease runs out."""

    organisation_id: int
    id: UUID
    recipient: str
    sender: str
    body: str
    encoding: int
    segments: int
    credits: int
    attempts: int
    accepted_at: datetime
    lease_token: int


class AwaitedSubmission(NamedTuple):
    carrier: str
    carrier_ref: str
    organisation_id: int
    message_id: UUID
    part: int


class LockedMessage(NamedTuple):
    organisation_id: int
    id: UUID
    status: MessageStatus
    credits: int
    segments: int
    lease_token: int | None
    attempts: int


class Change(NamedTuple):
    """What becomes of a message row. None leaves a column as it is; the error columns are always set."""

    status: MessageStatus
    captured: int | None = None
    submitted_at: datetime | None = None
    settled_at: datetime | None = None
    finished_at: datetime | None = None
    due_at: datetime | None = None
    carrier: str | None = None
    refs: list[str] | None = None
    error_code: str | None = None
    error_detail: str | None = None
    receipt_raw: str | None = None


def copy_messages(connection: Connection, messages: Iterable[NewMessage], now: datetime) -> None:
    with connection.cursor().copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for m in messages:
            copy.write_row(
                (
                    shard_of(m.organisation_id), m.organisation_id, m.id, m.channel, int(MessageStatus.ACCEPTED),
                    m.credits, now, now, m.api_key_id, m.member_id, m.encoding, m.segments, 0,
                    m.recipient, m.sender, m.body, m.reference, m.metadata,
                )
            )  # fmt: skip


def claim(connection: Connection, *, limit: int, lease_s: int, token: int) -> list[ClaimedMessage]:
    """The oldest due messages nobody else holds."""
    parameters = {
        "accepted": int(MessageStatus.ACCEPTED),
        "submitting": int(MessageStatus.SUBMITTING),
        "limit": limit,
        "lease_s": lease_s,
        "token": token,
    }
    rows = connection.execute(_CLAIM, parameters, prepare=True)
    return [ClaimedMessage(*row) for row in rows]


def lock(connection: Connection, keys: Sequence[tuple[int, UUID]]) -> dict[UUID, LockedMessage]:
    """Locks messages in the order of their key, so that two settlements never wait for each other in a circle."""
    columns = (
        [shard_of(organisation_id) for organisation_id, _ in keys],
        [organisation_id for organisation_id, _ in keys],
        [id_ for _, id_ in keys],
    )
    return {
        row[1]: LockedMessage(row[0], row[1], MessageStatus(row[2]), *row[3:])
        for row in connection.execute(_LOCK, columns, prepare=True)
    }


def write_changes(connection: Connection, changes: Sequence[tuple[LockedMessage, Change]]) -> None:
    if not changes:
        return
    columns = zip(*(_change_columns(message, change) for message, change in changes), strict=True)
    connection.execute(_WRITE_CHANGES, [list(column) for column in columns], prepare=True)
    finished = Counter(change.status.word for _, change in changes if change.status.is_final)
    transaction.on_commit(partial(count_finished, finished))


def copy_awaited(connection: Connection, parts: Iterable[AwaitedSubmission], submitted_at: datetime) -> None:
    """Notes which submissions a receipt is awaited for."""
    with connection.cursor().copy(_COPY_AWAITED) as copy:
        copy.set_types(_AWAITED_TYPES)
        for part in parts:
            copy.write_row((*part, int(MessageStatus.SUBMITTED), "", submitted_at))


def _change_columns(message: LockedMessage, change: Change) -> tuple[Any, ...]:
    refs = None if change.refs is None else _REFS_SEPARATOR.join(change.refs)
    return (
        shard_of(message.organisation_id), message.organisation_id, message.id, int(change.status), change.captured,
        change.submitted_at, change.settled_at, change.finished_at, change.due_at, change.carrier, refs,
        change.error_code, change.error_detail, change.receipt_raw,
    )  # fmt: skip
