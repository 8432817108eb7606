"""Changes of messages on their way to customers' programs: recorded in the transaction that makes them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from khata.messaging import queries
from khata.messaging.core.life import MessageStatus
from khata.messaging.message_object import message_object
from khata.messaging.rows import Connection
from khata.webhooks.operations import Event, EventType, listening, record_events

_TYPES = {
    MessageStatus.SUBMITTED: EventType.MESSAGE_SUBMITTED,
    MessageStatus.UNKNOWN: EventType.MESSAGE_UNKNOWN,
    MessageStatus.DELIVERED: EventType.MESSAGE_DELIVERED,
    MessageStatus.UNDELIVERED: EventType.MESSAGE_UNDELIVERED,
    MessageStatus.FAILED: EventType.MESSAGE_FAILED,
    MessageStatus.EXPIRED: EventType.MESSAGE_EXPIRED,
    MessageStatus.CANCELLED: EventType.MESSAGE_CANCELLED,
}
"""States that are told; a message put back to be tried again is none of them."""


class Told(NamedTuple):
    """A message that got a state at an instant."""

    organisation_id: int
    message_id: UUID
    status: MessageStatus
    at: datetime


def record_changes(connection: Connection, organisation_ids: Collection[int], changes: Iterable[Told]) -> None:
    """After the rows are written. Nothing more is looked at where none of these organisations has an endpoint."""
    heard = listening(connection, organisation_ids)
    if not heard:
        return
    told = [change for change in changes if _TYPES.get(change.status) in heard.get(change.organisation_id, frozenset())]
    record_events(connection, _events(told))


def _events(told: Sequence[Told]) -> list[Event]:
    ids: dict[int, list[UUID]] = {}
    for change in told:
        ids.setdefault(change.organisation_id, []).append(change.message_id)
    details = {
        row.id: row
        for organisation_id, of_one in ids.items()
        for row in queries.details_by_id(organisation_id=organisation_id, ids=of_one)
    }
    return [
        Event(change.organisation_id, _TYPES[change.status], change.at, message_object(details[change.message_id]))
        for change in told
    ]
