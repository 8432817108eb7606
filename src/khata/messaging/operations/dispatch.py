"""Handing over: claim messages by lease, settle what the carrier answered, sweep what ran out.

A lease token fences every later write: a worker that hung past its lease changes nothing any more.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Capture, Command, VoidHold
from khata.ledger.operations import post_batch
from khata.messaging.core.hand_over import HandOver, Settlement
from khata.messaging.core.life import MessageStatus
from khata.messaging.models import Message
from khata.messaging.rows import (
    AwaitedSubmission,
    Change,
    ClaimedMessage,
    Connection,
    LockedMessage,
    claim,
    copy_awaited,
    lock,
    write_changes,
)

LEASE_S = 60
VALIDITY = timedelta(hours=24)
"""How long a message that no carrier took is tried before it fails and its credits return."""
DOUBT_MAX = timedelta(hours=72)
"""How long credits stay held for a message whose fate nobody knows; then it counts as expired and they return."""

_RETRY_DELAYS_S = (1, 2, 5, 10, 30, 60)
_SWEEP_COUNT = 500


@dataclass(frozen=True, slots=True)
class Handed:
    """A claimed message and what its carrier's answers came to."""

    message: ClaimedMessage
    carrier: str
    hand_over: HandOver


@needs_database
def claim_messages(*, limit: int) -> list[ClaimedMessage]:
    """Leases due messages to the caller for LEASE_S seconds; committed before anything is handed over."""
    with in_transaction() as connection:
        return claim(connection, limit=limit, lease_s=LEASE_S, token=secrets.randbits(62))


@needs_database
def settle_handed(handed: Sequence[Handed]) -> int:
    """Writes states and settles credits in one transaction. Returns how many were still leased to the caller."""
    if not handed:
        return 0
    with in_transaction() as connection:
        now = _database_time(connection)
        locked = lock(connection, [(item.message.organisation_id, item.message.id) for item in handed])
        fenced = [(_judged(item, now), locked[item.message.id]) for item in handed if _is_leased(item, locked)]
        changes = [(row, _change(item, row, now)) for item, row in fenced]
        post_batch(connection, [command for item, row in fenced for command in _commands(item.hand_over, row)])
        write_changes(connection, changes)
        copy_awaited(connection, [part for item, _ in fenced for part in _awaited(item)], now)
    return len(fenced)


@needs_database
def sweep_overdue() -> int:
    """Leases that ran out become `unknown` (never resent by themselves); doubts older than DOUBT_MAX end."""
    return _sweep_leases() + _sweep_doubts()


def _sweep_leases() -> int:
    with in_transaction() as connection:
        now = _database_time(connection)
        rows = Message.objects.filter(is_open=True, status=MessageStatus.SUBMITTING, leased_until__lt=now)
        keys = list(rows.values_list("organisation_id", "id")[:_SWEEP_COUNT])
        late = [row for row in lock(connection, keys).values() if row.status is MessageStatus.SUBMITTING]
        doubt = Change(
            MessageStatus.UNKNOWN,
            submitted_at=now,
            error_code="no_answer",
            error_detail="The hand-over was interrupted.",
        )
        write_changes(connection, [(row, doubt) for row in late])
    return len(late)


def _sweep_doubts() -> int:
    with in_transaction() as connection:
        now = _database_time(connection)
        rows = Message.objects.filter(is_doubtful=True, submitted_at__lt=now - DOUBT_MAX)
        keys = list(rows.values_list("organisation_id", "id")[:_SWEEP_COUNT])
        old = [row for row in lock(connection, keys).values() if row.status is MessageStatus.UNKNOWN]
        post_batch(connection, [VoidHold(row.organisation_id, row.id) for row in old])
        end = Change(
            MessageStatus.EXPIRED, captured=0, settled_at=now, finished_at=now,
            error_code="no_receipt", error_detail="The carrier never said what became of it.",
        )  # fmt: skip
        write_changes(connection, [(row, end) for row in old])
    return len(old)


def _judged(item: Handed, now: datetime) -> Handed:
    """A message no carrier took within its validity has failed; nothing was handed over, so nothing is charged."""
    hand_over = item.hand_over
    if hand_over.status is not MessageStatus.ACCEPTED or now - item.message.accepted_at < VALIDITY:
        return item
    return replace(item, hand_over=replace(hand_over, status=MessageStatus.FAILED, settlement=Settlement.VOID))


def _is_leased(item: Handed, locked: Mapping[UUID, LockedMessage]) -> bool:
    row = locked.get(item.message.id)
    return row is not None and row.status is MessageStatus.SUBMITTING and row.lease_token == item.message.lease_token


def _commands(hand_over: HandOver, row: LockedMessage) -> list[Command]:
    match hand_over.settlement:
        case Settlement.CAPTURE:
            return [Capture(row.organisation_id, row.id, _price_of(hand_over.segments_taken, row))]
        case Settlement.VOID:
            return [VoidHold(row.organisation_id, row.id)]
        case Settlement.KEEP:
            return []


def _price_of(segments: int, row: LockedMessage) -> int:
    return row.credits * segments // row.segments


def _change(item: Handed, row: LockedMessage, now: datetime) -> Change:
    hand_over = item.hand_over
    is_settled = hand_over.settlement is not Settlement.KEEP
    if hand_over.status is MessageStatus.ACCEPTED:
        return _retry(hand_over, row, now)
    return Change(
        status=hand_over.status,
        captured=_price_of(hand_over.segments_taken, row) if is_settled else None,
        submitted_at=now if hand_over.refs or hand_over.status is MessageStatus.UNKNOWN else None,
        settled_at=now if is_settled else None,
        finished_at=now if hand_over.status.is_final else None,
        carrier=item.carrier,
        refs=[ref for _, ref in hand_over.refs] or None,
        error_code=hand_over.error_code or None,
        error_detail=hand_over.error_detail or None,
    )


def _retry(hand_over: HandOver, row: LockedMessage, now: datetime) -> Change:
    delay_s = _RETRY_DELAYS_S[min(row.attempts, len(_RETRY_DELAYS_S)) - 1]
    return Change(
        MessageStatus.ACCEPTED,
        due_at=now + timedelta(seconds=delay_s),
        error_code=hand_over.error_code,
        error_detail=hand_over.error_detail,
    )


def _awaited(item: Handed) -> list[AwaitedSubmission]:
    if item.hand_over.status not in (MessageStatus.SUBMITTED, MessageStatus.UNKNOWN):
        return []
    message = item.message
    return [
        AwaitedSubmission(item.carrier, ref, message.organisation_id, message.id, part)
        for part, ref in item.hand_over.refs
    ]


def _database_time(connection: Connection) -> datetime:
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now
