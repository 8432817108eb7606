"""Message rows on their way out, in batches: claimed under a lease, changed only while that lease is theirs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import transaction

from khata.carriers.port import Dlt, Mail
from khata.kernel.arrays import array_texts
from khata.kernel.ids import shard_of
from khata.kernel.metrics import count_finished
from khata.messaging.core.life import MessageStatus
from khata.messaging.event_rows import Told, record_changes
from khata.messaging.rows import Connection

# Whatever the statistics say, the claim walks its routes' part of the index of open messages in order and stops early.
# After a burst they are old, and a plan that gathers and sorts what is due would read the whole backlog for each claim.
_IN_ORDER = """
    select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
           set_config('enable_sort', 'off', true)
"""
_CLAIM = """
    with due as (
        select shard, organisation_id, id from messaging_message
         where is_open and route_id = any (array(select id from messaging_routeversion
                                                  where name = coalesce(%(route)s, name)))
           and status = %(accepted)s and due_at <= now()
           and exists (select from messaging_workerlease where token = %(token)s and leased_until > now())
         order by route_id, id limit %(limit)s for update skip locked)
    update messaging_message message
       set status = %(submitting)s, lease_token = %(token)s, claimed_at = now(), attempts = attempts + 1
      from due
     where (message.shard, message.organisation_id, message.id) = (due.shard, due.organisation_id, due.id)
    returning message.organisation_id, message.id, recipient, sender, body, encoding, segments, credits, attempts,
              coalesce(scheduled_at, accepted_at), message.lease_token, message.route_id, is_possible_duplicate,
              template_id, api_key_id, channel
"""
LOCKED = """message.organisation_id, message.id, message.status, credits, segments, lease_token, attempts, route_id,
       credits_captured is null, is_possible_duplicate,
       coalesce(cardinality(string_to_array(carrier_refs, chr(31))), 0), channel"""
"""What is read of a message under its lock: LockedMessage, in order."""
LOCKED_WIDTH = 12
_LOCK = f"""
    select {LOCKED}
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[]) as named (shard, organisation_id, id)
      join messaging_message message using (shard, organisation_id, id)
     order by message.shard, message.organisation_id, message.id
       for update of message
"""  # noqa: S608 - its own words
_LAPSED = """
    select organisation_id, id, lease_token from messaging_message message
     where is_open and status = %(submitting)s
       and not exists (select from messaging_workerlease lease
                        where lease.token = message.lease_token and leased_until > now())
     order by route_id, id limit %(limit)s
"""
_STALE = """
    select organisation_id, oldest.id from messaging_routeversion route cross join lateral (
           select organisation_id, message.id, accepted_at from messaging_message message
            where is_open and route_id = route.id and status = %(accepted)s
              and (scheduled_at is null or scheduled_at < %(valid_before)s)
            order by message.id limit %(limit)s) as oldest
     where accepted_at < %(valid_before)s
"""
"""Ids follow the time of acceptance: where the oldest are young enough, all are. Those still valid by their scheduled
time are passed over."""
_WRITE_CHANGES = """
    update messaging_message message
       set status = new.status, claimed_at = null, lease_token = null,
           credits_captured = coalesce(new.captured, credits_captured),
           submitted_at = case when new.is_submitted then coalesce(submitted_at, new.at) else submitted_at end,
           settled_at = case when new.captured is null then settled_at else new.at end,
           finished_at = case when new.is_final then new.at else finished_at end,
           is_possible_duplicate = message.is_possible_duplicate or new.is_possible_duplicate,
           due_at = coalesce(new.due_at, message.due_at), carrier = coalesce(new.carrier, message.carrier),
           carrier_refs = coalesce(new.refs, carrier_refs), error_code = new.error_code,
           error_detail = new.error_detail, receipt_raw = coalesce(new.receipt_raw, message.receipt_raw)
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[], %s::bigint[], %s::smallint[], %s::timestamptz[],
                  %s::bool[], %s::bool[], %s::bigint[], %s::timestamptz[], %s::bool[], %s::text[], %s::text[],
                  %s::text[], %s::text[], %s::text[])
           as new (shard, organisation_id, id, lease_token, status, at, is_submitted, is_final, captured, due_at,
                   is_possible_duplicate, carrier, refs, error_code, error_detail, receipt_raw)
     where message.shard = new.shard and message.organisation_id = new.organisation_id and message.id = new.id
       and message.lease_token is not distinct from new.lease_token
    returning message.id
"""
_FACTS_WIDTH = 11


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
    valid_from: datetime
    """When it was to go: the time it was scheduled for, otherwise that of its acceptance."""
    lease_token: int
    route_id: int
    is_possible_duplicate: bool
    template_id: UUID | None = None
    api_key_id: UUID | None = None
    channel: int = 1
    dlt: Dlt | None = None
    mail: Mail | None = None


class LockedMessage(NamedTuple):
    organisation_id: int
    id: UUID
    status: MessageStatus
    credits: int
    segments: int
    lease_token: int | None
    attempts: int
    route_id: int
    is_held: bool
    """Whether its credits still are."""
    is_possible_duplicate: bool
    refs_count: int
    channel: int

    @property
    def key(self) -> tuple[int, UUID]:
        return self.organisation_id, self.id

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> "LockedMessage":
        return cls(row[0], row[1], MessageStatus(row[2]), *row[3:])


class Change(NamedTuple):
    """What becomes of a message row at an instant. None leaves a column as it is; the errors are always set.

    The texts come last: they travel to the database in another way than numbers do.
    """

    status: MessageStatus
    at: datetime
    is_submitted: bool = False
    captured: int | None = None
    due_at: datetime | None = None
    is_possible_duplicate: bool = False
    carrier: str | None = None
    refs: str | None = None
    error_code: str | None = None
    error_detail: str | None = None
    receipt_raw: str | None = None


_TEXTS_FROM = Change._fields.index("carrier")


def claim(connection: Connection, *, token: int, route: str | None, limit: int) -> list[ClaimedMessage]:
    """The oldest due messages of a route (None: of any) nobody else holds; none where that lease is not in force."""
    parameters = {
        "accepted": int(MessageStatus.ACCEPTED),
        "submitting": int(MessageStatus.SUBMITTING),
        "limit": limit,
        "token": token,
        "route": route,
    }
    connection.execute(_IN_ORDER)
    return [ClaimedMessage(*row) for row in connection.execute(_CLAIM, parameters)]


def lock(connection: Connection, keys: Sequence[tuple[int, UUID]]) -> dict[UUID, LockedMessage]:
    """Locks messages in the order of their key, so that two settlements never wait for each other in a circle."""
    columns = array_texts(((shard_of(organisation_id), organisation_id, id_) for organisation_id, id_ in keys), 3)
    return {row[1]: LockedMessage.of(row) for row in connection.execute(_LOCK, columns)}


def write_changes(
    connection: Connection, changes: Sequence[tuple[ClaimedMessage | LockedMessage, Change]]
) -> set[UUID]:
    """Writes each change whose message is still under the lease it was read with. Returns the ids written."""
    if not changes:
        return set()
    rows = psycopg.Cursor(connection).execute(_WRITE_CHANGES, _change_columns(changes))
    written = {row[0] for row in rows}
    finished = Counter(
        change.status.word for message, change in changes if change.status.is_final and message.id in written
    )
    transaction.on_commit(partial(count_finished, finished))
    told = (Told(m.organisation_id, m.id, change.status, change.at) for m, change in changes if m.id in written)
    record_changes(connection, {message.organisation_id for message, _ in changes}, told)
    return written


def lock_lapsed(connection: Connection, *, limit: int) -> list[LockedMessage]:
    """Locks messages that are being handed over under a lease that is not in force any more."""
    rows = connection.execute(_LAPSED, {"submitting": int(MessageStatus.SUBMITTING), "limit": limit}).fetchall()
    tokens = {row[1]: row[2] for row in rows}
    locked = lock(connection, [(row[0], row[1]) for row in rows])
    # Settled, and even claimed anew, while its lock was waited for: no longer ours to judge.
    return [row for row in locked.values() if row.lease_token == tokens[row.id]]


def find_stale(connection: Connection, *, valid_before: datetime, limit: int) -> list[tuple[int, UUID]]:
    """The keys of messages that still wait for a carrier and were to go before an instant, some of each route."""
    parameters = {"accepted": int(MessageStatus.ACCEPTED), "valid_before": valid_before, "limit": limit}
    return connection.execute(_STALE, parameters).fetchall()


def database_time(connection: Connection) -> datetime:
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


def text_array(values: Iterable[str | None]) -> str:
    """An array literal of texts, whatever is in them."""
    return "{" + ",".join(map(_quoted, values)) + "}"


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _change_columns(changes: Sequence[tuple[ClaimedMessage | LockedMessage, Change]]) -> list[str]:
    facts = array_texts(
        (
            (
                shard_of(message.organisation_id), message.organisation_id, message.id, message.lease_token,
                int(change.status), change.at, change.is_submitted, change.status.is_final, change.captured,
                change.due_at, change.is_possible_duplicate,
            )
            for message, change in changes
        ),
        _FACTS_WIDTH,
    )  # fmt: skip
    texts = zip(*(change[_TEXTS_FROM:] for _, change in changes), strict=True)
    return facts + [text_array(column) for column in texts]
