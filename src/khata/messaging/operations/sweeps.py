"""What time alone decides: hand-overs whose worker is gone, messages nobody takes, doubts and silences that last."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.operations import post_batch
from khata.messaging.core.hand_over import settling_command
from khata.messaging.core.life import ASK_AFTER, MessageStatus, next_look_at
from khata.messaging.core.routes import Policy
from khata.messaging.hand_over_rows import (
    Change,
    LockedMessage,
    database_time,
    find_stale,
    lock,
    lock_lapsed,
    write_changes,
)
from khata.messaging.models import CHANNEL_CODES
from khata.messaging.operations.cancellations import cancel_waiting
from khata.messaging.operations.dispatch import VALIDITY
from khata.messaging.operations.leases import forget_lapsed_leases, may_sweep
from khata.messaging.operations.routes import policies_of
from khata.messaging.operations.settling import Key, settle_each
from khata.messaging.parts_rows import SilentPart, delete_parts, lock_due, put_off, silent_parts
from khata.messaging.rows import Connection

_SWEEP_COUNT = 500
_HANDED_OVER = (MessageStatus.SUBMITTED, MessageStatus.UNKNOWN)
_OLD_DOUBTS = """
    select organisation_id, message.id from messaging_message message join messaging_routeversion route
        on route.id = route_id
     where is_doubtful and submitted_at < now() - make_interval(hours => receipt_wait_h)
     order by submitted_at limit %s
"""


class Question(NamedTuple):
    """What is to be asked of a carrier: what became of a submission it took."""

    carrier: str
    carrier_ref: str
    sender: str


@needs_database
def sweep_overdue(*, token: int) -> int:
    """What was claimed under a lease that ran out becomes `unknown`; stale messages fail; old doubts end.

    Waiting messages of those who may not send any more are cancelled.

    `token` is the caller's own lease: leases are judged only where that has been in force for long enough.
    """
    return _sweep_lapsed(token) + _sweep_stale() + _sweep_doubts() + cancel_waiting(limit=_SWEEP_COUNT)


@needs_database
def look_at_silent(*, askable: Collection[str], ask_max: int) -> list[Question]:
    """Submissions without a final receipt that are due: those whose time is over end, the others are put off.

    Returns what to ask of `askable` carriers, at most `ask_max`; what is too much is asked at its next look.
    """
    with in_transaction() as connection:
        now = database_time(connection)
        messages = lock_due(connection, limit=_SWEEP_COUNT)
        parts = silent_parts(connection, messages.values())
        policies = policies_of(connection, {message.route_id for message in messages.values()})
        waits = {id_: policies[message.route_id].receipt_wait for id_, message in messages.items()}
        over = {part.message_id for part in parts if part.submitted_at + waits[part.message_id] <= now}
        waiting = [part for part in parts if part.message_id not in over]
        put_off(connection, [(p, next_look_at(p.submitted_at, now, waits[p.message_id])) for p in waiting])
    keys = [(messages[id_].organisation_id, id_) for id_ in over]
    if settle_each(keys, partial(_end, _HANDED_OVER)) < len(keys):
        # What could not be settled must not come first again and hide what is due behind it.
        with in_transaction() as connection:
            put_off(connection, [(part, now + ASK_AFTER) for part in parts if part.message_id in over])
    return _questions(waiting, askable)[:ask_max]


def _questions(parts: Sequence[SilentPart], askable: Collection[str]) -> list[Question]:
    return [
        Question(part.carrier, part.carrier_ref, part.sender)
        for part in parts
        if part.carrier in askable and not part.status.is_final
    ]


def _sweep_lapsed(token: int) -> int:
    with in_transaction() as connection:
        if not may_sweep(connection, token=token):
            return 0
        late = lock_lapsed(connection, limit=_SWEEP_COUNT)
        now = database_time(connection)
        policies = policies_of(connection, {row.route_id for row in late})
        swept = write_changes(connection, [(row, _interrupted(row, policies[row.route_id], now)) for row in late])
        if len(late) < _SWEEP_COUNT:
            forget_lapsed_leases(connection)
    return len(swept)


def _interrupted(message: LockedMessage, policy: Policy, now: datetime) -> Change:
    """It may have been submitted: put back once where its route is safe to resend, otherwise in doubt."""
    is_resent = policy.is_safe_to_resend and not message.is_possible_duplicate
    return Change(
        MessageStatus.ACCEPTED if is_resent else MessageStatus.UNKNOWN,
        at=now,
        is_submitted=not is_resent,
        is_possible_duplicate=is_resent,
        error_code="no_answer",
        error_detail="The hand-over was interrupted.",
    )


def _sweep_stale() -> int:
    """Messages that no carrier could take for as long as they are valid: theirs are away, or their route is gone."""
    with in_transaction() as connection:
        keys = find_stale(connection, valid_before=database_time(connection) - VALIDITY, limit=_SWEEP_COUNT)
    return settle_each(keys, _fail)


def _fail(connection: Connection, keys: Sequence[Key]) -> int:
    stale = [row for row in lock(connection, keys).values() if row.status is MessageStatus.ACCEPTED]
    post_batch(connection, [settling_command(row.organisation_id, row.id, 0) for row in stale])
    failed = Change(
        MessageStatus.FAILED,
        at=database_time(connection),
        captured=0,
        error_code="carrier_unavailable",
        error_detail="No carrier took it in time.",
    )
    write_changes(connection, [(row, failed) for row in stale])
    return len(stale)


def _sweep_doubts() -> int:
    with in_transaction() as connection:
        keys = connection.execute(_OLD_DOUBTS, (_SWEEP_COUNT,)).fetchall()
    return settle_each(keys, partial(_end, {MessageStatus.UNKNOWN}))


def _end(states: Collection[MessageStatus], connection: Connection, keys: Sequence[Key]) -> int:
    """Those that nobody reported on in time and that are in one of `states`; what is still held of them is settled.

    An e-mail that did not bounce arrived: nobody reports on those that do. Everything else counts as expired.
    """
    messages = [row for row in lock(connection, keys).values() if row.status in states]
    now = database_time(connection)
    policies = policies_of(connection, {row.route_id for row in messages})
    ended = [(row, _ended(row, policies[row.route_id], now)) for row in messages]
    held = [(row, change.captured) for row, change in ended if change.captured is not None]
    post_batch(connection, [settling_command(row.organisation_id, row.id, used) for row, used in held])
    write_changes(connection, ended)
    delete_parts(connection, [row.id for row in messages])
    return len(messages)


def _ended(message: LockedMessage, policy: Policy, now: datetime) -> Change:
    is_mail_taken = message.channel == CHANNEL_CODES["email"] and message.status is MessageStatus.SUBMITTED
    status = MessageStatus.DELIVERED if is_mail_taken else MessageStatus.EXPIRED
    captured = _credits_used(message, policy, status) if message.is_held else None
    if is_mail_taken:
        return Change(status, at=now, captured=captured)
    return Change(
        status,
        at=now,
        captured=captured,
        error_code="no_receipt",
        error_detail="The carrier never said what became of it.",
    )


def _credits_used(message: LockedMessage, policy: Policy, status: MessageStatus) -> int:
    """Of what is known to have been taken: a submission in doubt is not charged."""
    taken = message.segments if message.status is MessageStatus.SUBMITTED else message.refs_count
    return policy.credits_used(status, message.credits, message.segments, taken)
