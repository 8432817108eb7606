"""Recording what became true, in the transaction that makes it true: told exactly when that is committed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from khata.kernel.clock import rfc3339, utc_now
from khata.kernel.ids import new_uuid
from khata.webhooks import rows
from khata.webhooks.core.event_types import EventType
from khata.webhooks.rows import Connection

PAYLOAD_SIZE_MAX = 20_000
"""Bytes, as the specification advises: receivers may refuse what is larger."""


class Event(NamedTuple):
    """What happened, when, and the object it happened to as the API shows it; `data` has at least an `id`."""

    organisation_id: int
    type: EventType
    at: datetime
    data: Mapping[str, Any]


def listening(connection: Connection, organisation_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """By organisation the event types some endpoint of theirs wants: only of these need anything be read or recorded.

    Organisations without an endpoint are missing.
    """
    found = rows.listeners(connection, organisation_ids)
    return {id_: frozenset().union(*(types for _, types in endpoints)) for id_, endpoints in found.items()}


def record_events(connection: Connection, events: Sequence[Event]) -> None:
    """Stores events, and a delivery for each endpoint that wants one, in the caller's transaction.

    Nothing is stored of an event nobody wants.
    """
    if not events:
        return
    found = rows.listeners(connection, {event.organisation_id for event in events})
    record_for(
        connection,
        [
            (event, [endpoint_id for endpoint_id, types in found.get(event.organisation_id, ()) if event.type in types])
            for event in events
        ],
    )


def record_for(connection: Connection, recorded: Iterable[tuple[Event, Sequence[UUID]]]) -> list[UUID]:
    """The same for endpoints that are known; an event without any is not stored. Returns the deliveries' ids."""
    kept = [(new_uuid(), event, endpoint_ids) for event, endpoint_ids in recorded if endpoint_ids]
    if not kept:
        return []
    now = utc_now()
    told = ((id_, event.organisation_id, event.type.value, payload(event), now) for id_, event, _ in kept)
    rows.copy_events(connection, told)
    deliveries = [
        (new_uuid(), event.organisation_id, id_, endpoint_id)
        for id_, event, endpoint_ids in kept
        for endpoint_id in endpoint_ids
    ]
    rows.insert_deliveries(connection, deliveries)
    return [delivery[0] for delivery in deliveries]


def payload(event: Event) -> str:
    """What is sent. Of an object too large for that only the id goes: the API tells the rest."""
    told = {"type": event.type, "timestamp": rfc3339(event.at), "data": event.data}
    text = msgspec.json.encode(told)
    if len(text) > PAYLOAD_SIZE_MAX:
        text = msgspec.json.encode({**told, "data": {"id": event.data["id"]}})
    return text.decode()
