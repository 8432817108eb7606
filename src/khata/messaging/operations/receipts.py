"""Delivery receipts: stored as they come, matched by the carrier's id, applied by rank.

Early ones wait, foreign ones go.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from khata.carriers.port import Receipt, ReceiptState
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Capture
from khata.ledger.operations import post_batch
from khata.messaging.core.life import MessageStatus, may_become, part_status, status_of_parts
from khata.messaging.models import ParkedReceipt
from khata.messaging.rows import Change, Connection, LockedMessage, lock, write_changes

PARKED_MAX = timedelta(hours=72)
"""How long a receipt that fits nothing is kept: it may be early; after that it is foreign."""

_COPY = """
    copy messaging_parkedreceipt (carrier, carrier_ref, state, error_code, raw, received_at)
    from stdin (format binary)
"""
_TYPES = ("text", "text", "text", "text", "text", "timestamptz")
_TAKE_MATCHED = """
    delete from messaging_parkedreceipt where id in (
        select receipt.id from messaging_parkedreceipt receipt
         where exists (select from messaging_awaitedpart part
                        where part.carrier = receipt.carrier and part.carrier_ref = receipt.carrier_ref)
         order by receipt.id limit %s for update of receipt skip locked)
    returning id, carrier, carrier_ref, state, error_code, raw, received_at
"""
_NAMED = """
    select distinct part.organisation_id, part.message_id
      from unnest(%s::text[], %s::text[]) as named (carrier, carrier_ref)
      join messaging_awaitedpart part using (carrier, carrier_ref)
"""
_PARTS = """
    select id, carrier, carrier_ref, message_id, status, error_code
      from messaging_awaitedpart where message_id = any(%s) order by message_id, part
"""
_MARK = """
    update messaging_awaitedpart part set status = new.status, error_code = new.error_code
      from unnest(%s::bigint[], %s::smallint[], %s::text[]) as new (id, status, error_code)
     where part.id = new.id
"""


class _Parked(NamedTuple):
    id: int
    carrier: str
    carrier_ref: str
    state: str
    error_code: str
    raw: str
    received_at: datetime


class _Part:
    """An awaited part, being marked."""

    __slots__ = ("error_code", "id", "is_marked", "message_id", "ref", "status")

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.id, carrier, carrier_ref, self.message_id, status, self.error_code = row
        self.ref = (carrier, carrier_ref)
        self.status = MessageStatus(status)
        self.is_marked = False


@needs_database
def park_receipts(receipts: Sequence[Receipt]) -> None:
    """Stores receipts durably, in one commit; the carrier is told so only afterwards."""
    with in_transaction() as connection, connection.cursor().copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for receipt in receipts:
            raw = receipt.raw.replace("\x00", "\N{REPLACEMENT CHARACTER}")
            state = receipt.state.value
            copy.write_row((receipt.carrier, receipt.carrier_ref, state, receipt.error_code, raw, receipt.received_at))


@needs_database
def apply_receipts(*, limit: int = 1_000) -> int:
    """Applies parked receipts whose part is known by now, oldest first. Returns how many were taken."""
    with in_transaction() as connection:
        receipts = sorted(_Parked(*row) for row in connection.execute(_TAKE_MATCHED, (limit,), prepare=True))
        if receipts:
            _apply(connection, receipts)
    return len(receipts)


@needs_database
def drop_foreign_receipts() -> int:
    """Receipts that fitted nothing for PARKED_MAX. Returns how many went."""
    return ParkedReceipt.objects.filter(received_at__lt=utc_now() - PARKED_MAX).delete()[0]


def _apply(connection: Connection, receipts: Sequence[_Parked]) -> None:
    named = {(receipt.carrier, receipt.carrier_ref) for receipt in receipts}
    columns = ([carrier for carrier, _ in named], [ref for _, ref in named])
    keys = [(row[0], row[1]) for row in connection.execute(_NAMED, columns, prepare=True)]
    # The message's lock comes first, and the parts are read under it: two receipts of one message, taken by two
    # workers, must not each believe the other part still open.
    messages = lock(connection, keys)
    parts: defaultdict[UUID, list[_Part]] = defaultdict(list)
    for row in connection.execute(_PARTS, (list(messages),), prepare=True):
        parts[row[3]].append(_Part(row))
    counted = _mark(receipts, [part for group in parts.values() for part in group])
    changes = [
        (messages[id_], change)
        for id_, group in parts.items()
        if (change := _change(messages[id_], group, counted.get(id_))) is not None
    ]
    _write(connection, changes, parts)


def _mark(receipts: Iterable[_Parked], parts: Iterable[_Part]) -> dict[UUID, _Parked]:
    """Sets each named part's final state, the first one winning; returns the last receipt that counted per message."""
    by_ref = {part.ref: part for part in parts}
    counted: dict[UUID, _Parked] = {}
    for receipt in receipts:
        part = by_ref.get((receipt.carrier, receipt.carrier_ref))
        status = part_status(ReceiptState(receipt.state))
        if part is None or status is None or part.status.is_final:
            continue
        part.status, part.error_code, part.is_marked = status, receipt.error_code, True
        counted[part.message_id] = receipt
    return counted


def _change(message: LockedMessage, parts: Sequence[_Part], receipt: _Parked | None) -> Change | None:
    if len(parts) < message.segments:
        return None
    status = status_of_parts([part.status for part in parts])
    if status is None or not may_become(message.status, status):
        return None
    error = next((part.error_code for part in parts if part.status is status and part.error_code), None)
    is_lost = status is not MessageStatus.DELIVERED
    is_settled_now = message.status is MessageStatus.UNKNOWN
    at = receipt.received_at if receipt else utc_now()
    return Change(
        status,
        captured=message.credits if is_settled_now else None,
        settled_at=at if is_settled_now else None,
        finished_at=at,
        error_code=error if is_lost else None,
        error_detail=_sentence(status) if is_lost else None,
        receipt_raw=receipt.raw if receipt else None,
    )


def _write(
    connection: Connection, changes: Sequence[tuple[LockedMessage, Change]], parts: dict[UUID, list[_Part]]
) -> None:
    """A message in doubt that is reported on was taken: it is paid for now. Parts of ended messages are done with."""
    doubtful = [message for message, _ in changes if message.status is MessageStatus.UNKNOWN]
    post_batch(connection, [Capture(message.organisation_id, message.id, message.credits) for message in doubtful])
    write_changes(connection, changes)
    ended = {message.id for message, _ in changes}
    marked = [part for id_, group in parts.items() if id_ not in ended for part in group if part.is_marked]
    if marked:
        columns = ([p.id for p in marked], [int(p.status) for p in marked], [p.error_code for p in marked])
        connection.execute(_MARK, columns, prepare=True)
    if ended:
        connection.execute("delete from messaging_awaitedpart where message_id = any(%s)", (list(ended),), prepare=True)


def _sentence(status: MessageStatus) -> str:
    if status is MessageStatus.EXPIRED:
        return "The carrier could not reach the phone in time."
    return "The carrier could not deliver the message."
