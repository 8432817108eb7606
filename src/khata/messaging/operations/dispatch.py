"""Handing over: claim messages under a lease, settle what the carrier answered.

A message is claimed only when there is room for it at the carrier: what is claimed goes at once. The lease's token
fences the answer: what was swept meanwhile is not changed any more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from khata.kernel.clock import utc_now
from khata.kernel.ids import shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Command
from khata.messaging.core.hand_over import HandOver, Settlement, settling_command, under_policy
from khata.messaging.core.life import MessageStatus, next_look_at
from khata.messaging.core.routes import Policy
from khata.messaging.hand_over_rows import Change, ClaimedMessage, claim, database_time, write_changes
from khata.messaging.models import REFS_SEPARATOR
from khata.messaging.operations.cancellations import hold_back
from khata.messaging.operations.mails import load_mails, with_mails
from khata.messaging.operations.routes import policies_of
from khata.messaging.operations.templates import take_registrations
from khata.messaging.parts_rows import NewPart, Part, copy_parts
from khata.messaging.rows import Connection

VALIDITY = timedelta(hours=24)
"""How long a message that no carrier took is tried before it fails and its credits return."""

_RETRY_DELAYS_S = (1, 2, 5, 10, 30, 60)


class Handed(NamedTuple):
    """A claimed message and what its carrier's answers came to."""

    message: ClaimedMessage
    carrier: str
    hand_over: HandOver
    can_query: bool = False
    """Whether that carrier can be asked what became of it."""


class _Judged(NamedTuple):
    """The same as its route's policy has it, and how much of its credits is used (micro-credits)."""

    message: ClaimedMessage
    handed: Handed
    hand_over: HandOver
    policy: Policy
    credits_used: int


@needs_database
def claim_messages(*, token: int, limit: int, route: str | None = None) -> list[ClaimedMessage]:
    """Due messages of a route (None: of any), now under the caller's lease; committed before anything is handed over.

    None while that lease is not in force. What turns out to wait for its hour, or to be cancelled, hides no others.
    """
    while True:
        with in_transaction() as connection:
            claimed = claim(connection, token=token, route=route, limit=limit)
            ready = take_registrations(connection, hold_back(connection, claimed))
            mails = load_mails(connection, ready)
        if ready or not claimed:
            return with_mails(ready, mails, utc_now())


def write_handed(connection: Connection, handed: Sequence[Handed]) -> list[Command]:
    """Writes the states of those that are still leased, in the caller's transaction.

    Returns what the caller posts to settle the credits.
    """
    if not handed:
        return []
    now = database_time(connection)
    policies = policies_of(connection, {item.message.route_id for item in handed})
    # In the order of their keys, which everybody locks in.
    ordered = sorted((_judged(item, policies[item.message.route_id], now) for item in handed), key=_key)
    leased = write_changes(connection, [(item.message, _change(item, now)) for item in ordered])
    kept = [item for item in ordered if item.message.id in leased]
    copy_parts(connection, (part for item in kept for part in _awaited(item, now)), now)
    return [command for item in kept for command in _commands(item)]


def _key(item: _Judged) -> tuple[int, int, int]:
    organisation_id = item.message.organisation_id
    return shard_of(organisation_id), organisation_id, item.message.id.int


def _judged(item: Handed, policy: Policy, now: datetime) -> _Judged:
    """A message no carrier took within its validity has failed; nothing was handed over, so nothing is charged."""
    message = item.message
    hand_over = under_policy(item.hand_over, policy, is_possible_duplicate=message.is_possible_duplicate)
    if hand_over.status is MessageStatus.ACCEPTED and now - message.valid_from >= VALIDITY:
        hand_over = hand_over._replace(status=MessageStatus.FAILED, settlement=Settlement.VOID)
    used = policy.credits_used(hand_over.status, message.credits, message.segments, hand_over.segments_taken)
    return _Judged(message, item, hand_over, policy, used)


def _commands(item: _Judged) -> list[Command]:
    if item.hand_over.settlement is Settlement.KEEP:
        return []
    return [settling_command(item.message.organisation_id, item.message.id, item.credits_used)]


def _change(item: _Judged, now: datetime) -> Change:
    hand_over = item.hand_over
    if hand_over.status is MessageStatus.ACCEPTED:
        return _retry(item, now)
    refs = hand_over.refs
    return Change(
        hand_over.status,
        now,
        is_submitted=bool(refs) or hand_over.status is MessageStatus.UNKNOWN,
        captured=None if hand_over.settlement is Settlement.KEEP else item.credits_used,
        carrier=item.handed.carrier,
        refs=REFS_SEPARATOR.join([ref for _, ref in refs]) or None,
        error_code=hand_over.error_code or None,
        error_detail=hand_over.error_detail or None,
    )


def _retry(item: _Judged, now: datetime) -> Change:
    delay_s = _RETRY_DELAYS_S[min(item.message.attempts, len(_RETRY_DELAYS_S)) - 1]
    return Change(
        MessageStatus.ACCEPTED,
        now,
        due_at=now + timedelta(seconds=delay_s),
        is_possible_duplicate=item.hand_over.is_possible_duplicate,
        error_code=item.hand_over.error_code,
        error_detail=item.hand_over.error_detail,
    )


def _awaited(item: _Judged, now: datetime) -> list[NewPart]:
    if item.hand_over.status not in (MessageStatus.SUBMITTED, MessageStatus.UNKNOWN):
        return []
    wait = item.policy.receipt_wait
    due_at = next_look_at(now, now, wait) if item.handed.can_query else now + wait
    message = item.message
    return [
        NewPart(message.organisation_id, due_at, Part(message.id, part, item.handed.carrier, ref))
        for part, ref in item.hand_over.refs
    ]
