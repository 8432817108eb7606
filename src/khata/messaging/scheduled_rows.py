"""Rows of scheduled messages whose time has come."""

from typing import NamedTuple

from khata.messaging.hand_over_rows import LOCKED, LOCKED_WIDTH, LockedMessage
from khata.messaging.rows import Connection

LOCK_DUE = f"""
    select {LOCKED}, recipient, coalesce(has_unsubscribe, false)
      from messaging_message message
      left join messaging_mailcontent content on content.shard = message.shard
       and content.organisation_id = message.organisation_id and content.message_id = message.id
     where release_at <= now()
     order by release_at limit %s for update of message skip locked
"""  # noqa: S608 - its own words
"""Index message_scheduled."""


class ScheduledMessage(NamedTuple):
    """`has_unsubscribe` is an e-mail's: whether it offers a way out of further ones."""

    row: LockedMessage
    recipient: str
    has_unsubscribe: bool

    @property
    def place(self) -> tuple[int, str]:
        """Who writes to whom."""
        return self.row.organisation_id, self.recipient


def lock_due(connection: Connection, *, limit: int) -> list[ScheduledMessage]:
    """Locks messages whose time has come and that nobody else is releasing, those due longest first."""
    rows = connection.execute(LOCK_DUE, (limit,))
    return [ScheduledMessage(LockedMessage.of(row[:LOCKED_WIDTH]), *row[LOCKED_WIDTH:]) for row in rows]
