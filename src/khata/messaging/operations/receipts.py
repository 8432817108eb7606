"""Delivery receipts: stored as they come, matched by the carrier's id, applied by rank.

Early ones wait, foreign ones go.
"""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from khata.carriers.port import Receipt, ReceiptState
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Capture
from khata.ledger.operations import post_batch
from khata.messaging.core.life import MessageStatus, may_become, part_status, status_of_parts
from khata.messaging.models import AwaitedPart, ParkedReceipt
from khata.messaging.rows import Change, Connection, LockedMessage, lock, write_changes

PARKED_MAX = timedelta(hours=72)
"""How long a receipt that fits nothing is kept: it may be early; after that it is foreign."""

_MATCHED = """
    select receipt.id
      from messaging_parkedreceipt receipt
     where exists (select from messaging_awaitedpart part
                    where part.carrier = receipt.carrier and part.carrier_ref = receipt.carrier_ref)
     order by receipt.id limit %s for update of receipt skip locked
"""


@needs_database
def park_receipt(receipt: Receipt) -> None:
    """Stores a receipt durably; the carrier is told so only afterwards."""
    ParkedReceipt.objects.create(
        carrier=receipt.carrier,
        carrier_ref=receipt.carrier_ref,
        state=receipt.state.value,
        error_code=receipt.error_code,
        raw=receipt.raw.replace("\x00", "\ufffd"),
        received_at=receipt.received_at,
    )


@needs_database
def apply_receipts(*, limit: int = 500) -> int:
    """Applies parked receipts whose part is known by now, oldest first. Returns how many were taken."""
    with in_transaction() as connection:
        ids = [row[0] for row in connection.execute(_MATCHED, (limit,)).fetchall()]
        receipts = list(ParkedReceipt.objects.filter(id__in=ids).order_by("id"))
        if receipts:
            _apply(connection, receipts)
            ParkedReceipt.objects.filter(id__in=ids).delete()
    return len(receipts)


@needs_database
def drop_foreign_receipts() -> int:
    """Receipts that fitted nothing for PARKED_MAX. Returns how many went."""
    return ParkedReceipt.objects.filter(received_at__lt=utc_now() - PARKED_MAX).delete()[0]


def _apply(connection: Connection, receipts: list[ParkedReceipt]) -> None:
    named = {(receipt.carrier, receipt.carrier_ref) for receipt in receipts}
    candidates = AwaitedPart.objects.filter(carrier_ref__in=[ref for _, ref in named])
    keys = {(part.organisation_id, part.message_id) for part in candidates if (part.carrier, part.carrier_ref) in named}
    # The message's lock comes first, and the parts are read again under it: two receipts of one message must not
    # each believe the other part still open.
    messages = lock(connection, sorted(keys))
    parts: defaultdict[UUID, list[AwaitedPart]] = defaultdict(list)
    for part in AwaitedPart.objects.filter(message_id__in=messages):
        parts[part.message_id].append(part)
    raw = _mark_parts(receipts, [part for group in parts.values() for part in group])
    AwaitedPart.objects.bulk_update([p for group in parts.values() for p in group], ["status", "error_code"])
    changes = [
        (messages[id_], change) for id_, group in parts.items() if (change := _change(messages[id_], group, raw))
    ]
    post_batch(
        connection,
        [
            Capture(m.organisation_id, m.id, m.credits)
            for m, c in changes
            if m.status is MessageStatus.UNKNOWN and c.captured
        ],
    )
    write_changes(connection, changes)
    AwaitedPart.objects.filter(message_id__in=[message.id for message, _ in changes]).delete()


def _mark_parts(receipts: list[ParkedReceipt], parts: list[AwaitedPart]) -> dict[UUID, ParkedReceipt]:
    """Sets each named part's final state, the first one winning; returns the last receipt that counted per message."""
    by_ref = {(part.carrier, part.carrier_ref): part for part in parts}
    counted: dict[UUID, ParkedReceipt] = {}
    for receipt in receipts:
        part = by_ref.get((receipt.carrier, receipt.carrier_ref))
        status = part_status(ReceiptState(receipt.state))
        if part is None or status is None or MessageStatus(part.status).is_final:
            continue
        part.status = status
        part.error_code = receipt.error_code
        counted[part.message_id] = receipt
    return counted


def _change(message: LockedMessage, parts: list[AwaitedPart], raw: dict[UUID, ParkedReceipt]) -> Change | None:
    if len(parts) < message.segments:
        return None
    status = status_of_parts([MessageStatus(part.status) for part in parts])
    if status is None or not may_become(message.status, status):
        return None
    receipt = raw.get(message.id)
    error = next((part.error_code for part in parts if part.status == status and part.error_code), None)
    is_lost = status is not MessageStatus.DELIVERED
    at = receipt.received_at if receipt else utc_now()
    return Change(
        status,
        captured=message.credits if message.status is MessageStatus.UNKNOWN else None,
        settled_at=at if message.status is MessageStatus.UNKNOWN else None,
        finished_at=at,
        error_code=error if is_lost else None,
        error_detail=_sentence(status) if is_lost else None,
        receipt_raw=receipt.raw if receipt else None,
    )


def _sentence(status: MessageStatus) -> str:
    if status is MessageStatus.EXPIRED:
        return "The carrier could not reach the phone in time."
    return "The carrier could not deliver the message."
