"""The two work tables in batches: parts that await their receipt, receipts that await their part."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from khata.carriers.port import Receipt, ReceiptState
from khata.kernel.arrays import array_text, array_texts
from khata.kernel.copying import copy_rows
from khata.kernel.ids import shard_of
from khata.messaging.core.life import MessageStatus
from khata.messaging.hand_over_rows import LOCKED, LOCKED_WIDTH, LockedMessage, lock, text_array
from khata.messaging.rows import Connection

_COPY_PARTS = """
    copy messaging_awaitedpart (organisation_id, submitted_at, due_at, message_id, shard, part, status, carrier,
                                carrier_ref, error_code) from stdin (format binary)
"""
_PART_TYPES = ("int8", "timestamptz", "timestamptz", "uuid", "int2", "int2", "int2", "text", "text", "text")
_FIND_PARTS = f"""
    select {LOCKED},
           part.message_id, part, part.carrier, carrier_ref, part.status, part.error_code
      from unnest(%s::text[], %s::text[]) as named (carrier, carrier_ref)
      join messaging_awaitedpart part using (carrier, carrier_ref)
      join messaging_message message on message.shard = part.shard and message.organisation_id = part.organisation_id
                                    and message.id = part.message_id
     order by message.shard, message.organisation_id, message.id
       for update of message
"""  # noqa: S608 - its own words
_PARTS_OF = """
    select message_id, part, carrier, carrier_ref, status, error_code
      from messaging_awaitedpart where message_id = any(%s::uuid[])
"""
_MARK_PARTS = """
    update messaging_awaitedpart part set status = new.status, error_code = new.error_code
      from unnest(%s::uuid[], %s::smallint[], %s::smallint[], %s::text[]) as new (message_id, part, status, error_code)
     where part.message_id = new.message_id and part.part = new.part
"""
_DUE_MESSAGES = """
    select distinct organisation_id, message_id
      from (select organisation_id, message_id from messaging_awaitedpart where due_at <= now()
             order by due_at limit %s) as due
"""
_SILENT_PARTS = """
    select part.message_id, part.part, part.carrier, carrier_ref, part.submitted_at, part.status, message.sender
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[]) as named (shard, organisation_id, id)
      join messaging_message message using (shard, organisation_id, id)
      join messaging_awaitedpart part on part.message_id = message.id
     where part.due_at <= now()
     order by part.due_at
"""
_PUT_OFF = """
    update messaging_awaitedpart part set due_at = new.due_at
      from unnest(%s::uuid[], %s::smallint[], %s::timestamptz[]) as new (message_id, part, due_at)
     where part.message_id = new.message_id and part.part = new.part
"""
_COPY_RECEIPTS = """
    copy messaging_parkedreceipt (carrier, carrier_ref, state, error_code, raw, received_at)
    from stdin (format binary)
"""
_RECEIPT_TYPES = ("text", "text", "text", "text", "text", "timestamptz")
_FIND_RECEIPTS = """
    select part.organisation_id, receipt.id
      from messaging_parkedreceipt receipt join messaging_awaitedpart part using (carrier, carrier_ref)
     order by receipt.id limit %s
"""
_TAKE_RECEIPTS = """
    delete from messaging_parkedreceipt where id in (
        select id from messaging_parkedreceipt where id = any(%s::bigint[]) for update skip locked)
    returning id, carrier, carrier_ref, state, error_code, raw, received_at
"""


class Part(NamedTuple):
    """A submitted segment that awaits its receipt, or has one while another segment of its message has none."""

    message_id: UUID
    part: int
    carrier: str
    carrier_ref: str
    status: MessageStatus = MessageStatus.SUBMITTED
    error_code: str = ""

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> "Part":
        message_id, part, carrier, carrier_ref, status, error_code = row
        return cls(message_id, part, carrier, carrier_ref, MessageStatus(status), error_code)


class NewPart(NamedTuple):
    """A part to be noted, with its organisation and the instant it is looked at if no receipt has come."""

    organisation_id: int
    due_at: datetime
    part: Part


class SilentPart(NamedTuple):
    """A submission of a message that is not final when it was due to be looked at."""

    message_id: UUID
    part: int
    carrier: str
    carrier_ref: str
    submitted_at: datetime
    status: MessageStatus
    sender: str


def copy_parts(connection: Connection, parts: Iterable[NewPart], submitted_at: datetime) -> None:
    """Notes which submissions a receipt is awaited for."""
    rows = (
        (
            organisation_id, submitted_at, due_at, part.message_id, shard_of(organisation_id), part.part,
            int(part.status), part.carrier, part.carrier_ref, part.error_code,
        )
        for organisation_id, due_at, part in parts
    )  # fmt: skip
    copy_rows(connection, _COPY_PARTS, _PART_TYPES, rows)


def lock_named(connection: Connection, receipts: Sequence[Receipt]) -> tuple[dict[UUID, LockedMessage], list[Part]]:
    """The messages that receipts name, locked in the order of their key, and all parts of these messages.

    The parts of a long message are read under its lock: two receipts, taken by two workers, must not each believe the
    other part still open.
    """
    names = {(receipt.carrier, receipt.carrier_ref) for receipt in receipts}
    columns = [text_array(column) for column in zip(*names, strict=True)]
    messages: dict[UUID, LockedMessage] = {}
    parts = []
    for row in psycopg.Cursor(connection).execute(_FIND_PARTS, columns):
        message = messages[row[1]] = LockedMessage.of(row[:LOCKED_WIDTH])
        if message.segments == 1:
            parts.append(Part.of(row[LOCKED_WIDTH:]))
    long = [message.id for message in messages.values() if message.segments > 1]
    if long:
        parts += map(Part.of, connection.execute(_PARTS_OF, (array_text(long),)))
    return messages, parts


def mark_parts(connection: Connection, parts: Sequence[Part]) -> None:
    if parts:
        facts = array_texts(((part.message_id, part.part, int(part.status)) for part in parts), 3)
        connection.execute(_MARK_PARTS, [*facts, text_array(part.error_code for part in parts)])


def delete_parts(connection: Connection, message_ids: Iterable[UUID]) -> None:
    ids = array_text(message_ids)
    if ids != "{}":
        connection.execute("delete from messaging_awaitedpart where message_id = any(%s::uuid[])", (ids,))


def lock_due(connection: Connection, *, limit: int) -> dict[UUID, LockedMessage]:
    """Locks, in the order of their key, the messages of parts that are due to be looked at."""
    return lock(connection, connection.execute(_DUE_MESSAGES, (limit,)).fetchall())


def silent_parts(connection: Connection, messages: Iterable[LockedMessage]) -> list[SilentPart]:
    """Of these locked messages the parts that are due by now."""
    keys = array_texts(((shard_of(one.organisation_id), one.organisation_id, one.id) for one in messages), 3)
    rows = connection.execute(_SILENT_PARTS, keys)
    return [SilentPart(*row)._replace(status=MessageStatus(row[5])) for row in rows]


def put_off(connection: Connection, parts: Sequence[tuple[SilentPart, datetime]]) -> None:
    """Notes when each of these is looked at next."""
    if parts:
        columns = array_texts(((part.message_id, part.part, due_at) for part, due_at in parts), 3)
        connection.execute(_PUT_OFF, columns)


def copy_receipts(connection: Connection, receipts: Sequence[Receipt]) -> None:
    rows = (
        (
            receipt.carrier, receipt.carrier_ref, receipt.state.value, receipt.error_code, receipt.raw,
            receipt.received_at,
        )
        for receipt in receipts
    )  # fmt: skip
    copy_rows(connection, _COPY_RECEIPTS, _RECEIPT_TYPES, rows)


def find_receipts(connection: Connection, *, limit: int) -> list[tuple[int, int]]:
    """Parked receipts whose part is known by now, oldest first: the part's organisation, and the receipt's number."""
    return connection.execute(_FIND_RECEIPTS, (limit,)).fetchall()


def take_receipts(connection: Connection, ids: Iterable[int]) -> list[Receipt]:
    """Those of them that nobody else is taking, in the order they came."""
    rows = sorted(connection.execute(_TAKE_RECEIPTS, (array_text(ids),)))
    return [Receipt(row[1], row[2], ReceiptState(row[3]), *row[4:]) for row in rows]
