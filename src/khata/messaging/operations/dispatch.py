"""Handing over: claim messages under a lease, settle what the carrier answered.

A message is claimed only when there is room for it at the carrier: what is claimed goes at once. The lease's token
fences the answer: what was swept meanwhile is not changed any more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from khata.kernel.ids import shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Capture, Command, VoidHold
from khata.ledger.operations import post_batch
from khata.messaging.core.hand_over import HandOver, Settlement
from khata.messaging.core.life import MessageStatus
from khata.messaging.hand_over_rows import Change, ClaimedMessage, claim, database_time, write_changes
from khata.messaging.models import REFS_SEPARATOR
from khata.messaging.parts_rows import Part, copy_parts
from khata.messaging.rows import Connection

VALIDITY = timedelta(hours=24)
"""How long a message that no carrier took is tried before it fails and its credits return."""

_RETRY_DELAYS_S = (1, 2, 5, 10, 30, 60)


class Handed(NamedTuple):
    """A claimed message and what its carrier's answers came to."""

    message: ClaimedMessage
    carrier: str
    hand_over: HandOver


@needs_database
def claim_messages(*, token: int, limit: int) -> list[ClaimedMessage]:
    """Due messages, now under the caller's lease; committed before anything is handed over.

    None while that lease is not in force.
    """
    with in_transaction() as connection:
        return claim(connection, token=token, limit=limit)


@needs_database
def settle_handed(handed: Sequence[Handed]) -> int:
    """Writes states and settles credits in one transaction. Returns how many were still leased to the caller."""
    with in_transaction() as connection:
        return write_handed(connection, handed)


def write_handed(connection: Connection, handed: Sequence[Handed]) -> int:
    """The same in the caller's transaction."""
    if not handed:
        return 0
    now = database_time(connection)
    # In the order of their keys, which everybody locks in.
    ordered = sorted((_judged(item, now) for item in handed), key=_key)
    leased = write_changes(connection, [(item.message, _change(item, now)) for item in ordered])
    kept = [item for item in ordered if item.message.id in leased]
    post_batch(connection, [command for item in kept for command in _commands(item)])
    copy_parts(connection, [(item.message.organisation_id, part) for item in kept for part in _awaited(item)], now)
    return len(kept)


def _key(item: Handed) -> tuple[int, int, int]:
    organisation_id = item.message.organisation_id
    return shard_of(organisation_id), organisation_id, item.message.id.int


def _judged(item: Handed, now: datetime) -> Handed:
    """A message no carrier took within its validity has failed; nothing was handed over, so nothing is charged."""
    hand_over = item.hand_over
    if hand_over.status is not MessageStatus.ACCEPTED or now - item.message.accepted_at < VALIDITY:
        return item
    return item._replace(hand_over=hand_over._replace(status=MessageStatus.FAILED, settlement=Settlement.VOID))


def _commands(item: Handed) -> list[Command]:
    message = item.message
    match item.hand_over.settlement:
        case Settlement.CAPTURE:
            return [Capture(message.organisation_id, message.id, _price_taken(item))]
        case Settlement.VOID:
            return [VoidHold(message.organisation_id, message.id)]
        case Settlement.KEEP:
            return []


def _price_taken(item: Handed) -> int:
    return item.message.credits * item.hand_over.segments_taken // item.message.segments


def _change(item: Handed, now: datetime) -> Change:
    hand_over = item.hand_over
    if hand_over.status is MessageStatus.ACCEPTED:
        return _retry(item, now)
    refs = hand_over.refs
    return Change(
        hand_over.status,
        now,
        is_submitted=bool(refs) or hand_over.status is MessageStatus.UNKNOWN,
        captured=None if hand_over.settlement is Settlement.KEEP else _price_taken(item),
        carrier=item.carrier,
        refs=REFS_SEPARATOR.join([ref for _, ref in refs]) or None,
        error_code=hand_over.error_code or None,
        error_detail=hand_over.error_detail or None,
    )


def _retry(item: Handed, now: datetime) -> Change:
    delay_s = _RETRY_DELAYS_S[min(item.message.attempts, len(_RETRY_DELAYS_S)) - 1]
    return Change(
        MessageStatus.ACCEPTED,
        now,
        due_at=now + timedelta(seconds=delay_s),
        error_code=item.hand_over.error_code,
        error_detail=item.hand_over.error_detail,
    )


def _awaited(item: Handed) -> list[Part]:
    if item.hand_over.status not in (MessageStatus.SUBMITTED, MessageStatus.UNKNOWN):
        return []
    return [Part(item.message.id, part, item.carrier, ref) for part, ref in item.hand_over.refs]
