"""Scheduled messages whose time has come: from now on they wait for a carrier, like any other.

What nobody would accept any more is cancelled instead. Whether their sender may still send is looked at by whoever
claims (cancellations.py), as of every message that waited.
"""

from collections.abc import Sequence
from uuid import UUID

from khata.kernel.transactions import in_transaction, needs_database
from khata.mail import queries as mail
from khata.messaging.core.life import Cancellation, MessageStatus
from khata.messaging.guard_rows import Number, find_opted_out
from khata.messaging.hand_over_rows import Change, database_time, write_changes
from khata.messaging.models import CHANNEL_CODES
from khata.messaging.operations.cancellations import HELD_BACK, cancel_each
from khata.messaging.operations.mails import is_stopped_by
from khata.messaging.rows import Connection
from khata.messaging.scheduled_rows import ScheduledMessage, lock_due

_EMAIL = CHANNEL_CODES["email"]


@needs_database
def release_scheduled(*, limit: int) -> int:
    """At most `limit`, those that are due longest first. Returns how many were due."""
    with in_transaction() as connection:
        due = lock_due(connection, limit=limit)
        unwelcome = _unwelcome(connection, due)
        now = database_time(connection)
        released = Change(MessageStatus.ACCEPTED, now)
        # Put off, so that one whose credits cannot be returned now does not hide what is due behind it.
        put_off = Change(MessageStatus.SCHEDULED, now, due_at=now + HELD_BACK)
        write_changes(connection, [(one.row, put_off if one.row.id in unwelcome else released) for one in due])
    for reason in set(unwelcome.values()):
        cancel_each([one.row.key for one in due if unwelcome.get(one.row.id) is reason], reason)
    return len(due)


def _unwelcome(connection: Connection, due: Sequence[ScheduledMessage]) -> dict[UUID, Cancellation]:
    """Those whose recipients want no more since, by id: one look at each list for all of them."""
    mails = [one for one in due if one.row.channel == _EMAIL]
    texts = [one for one in due if one.row.channel != _EMAIL]
    return _opted_out(connection, texts) | _suppressed(connection, mails)


def _opted_out(connection: Connection, texts: Sequence[ScheduledMessage]) -> dict[UUID, Cancellation]:
    if not texts:
        return {}
    found = find_opted_out(connection, {Number(*one.place) for one in texts})
    return {one.row.id: Cancellation.RECIPIENT_OPTED_OUT for one in texts if one.place in found}


def _suppressed(connection: Connection, mails: Sequence[ScheduledMessage]) -> dict[UUID, Cancellation]:
    if not mails:
        return {}
    found = mail.suppressed_among(connection, {one.place for one in mails})
    return {
        one.row.id: Cancellation.RECIPIENT_SUPPRESSED
        for one in mails
        if is_stopped_by(
            found.get((one.row.organisation_id, one.recipient.lower())), has_unsubscribe=one.has_unsubscribe
        )
    }
