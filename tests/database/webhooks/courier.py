"""What a worker does about webhooks, step by step, here and now."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from uuid import UUID

from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.webhooks import queries
from khata.webhooks.configuration import opened_networks
from khata.webhooks.models import Delivery
from khata.webhooks.operations import (
    CHOOSABLE,
    Event,
    EventType,
    claim_deliveries,
    create_endpoint,
    record_events,
)
from khata.webhooks.posting import Poster
from khata.workers.database_threads import DatabaseThreads
from khata.workers.webhook_courier import WebhookCourier

DEADLINE_S = 60


def endpoint_at(url: str, organisation_id: int, *, types: Sequence[str] = CHOOSABLE) -> UUID:
    return create_endpoint(organisation_id=organisation_id, url=url, event_types=types)[0]


def record(organisation_id: int, *, count: int = 1, type: EventType = EventType.MESSAGE_DELIVERED) -> None:
    events = [Event(organisation_id, type, utc_now(), {"id": f"msg_{number}"}) for number in range(count)]
    with in_transaction() as connection:
        record_events(connection, events)


def claim_all() -> None:
    """Whatever is due: for a minute nothing that other tests left comes before what is recorded next."""
    while claim_deliveries(busy={}, limit=1_000):
        continue


async def loopback_only(host: str, port: int) -> list[str]:
    """No name server is asked: other tests leave deliveries to addresses out there."""
    return [host] if host == "127.0.0.1" else []


def carry(**of_poster: Any) -> None:
    """Delivers what is due, until nothing is."""
    asyncio.run(_carry(of_poster))


def deliveries(organisation_id: int, endpoint_id: UUID) -> list[queries.DeliveryRow]:
    return queries.deliveries(organisation_id=organisation_id, endpoint_id=endpoint_id, limit=100).rows


def let_waits_pass(endpoint_id: UUID) -> None:
    Delivery.objects.filter(endpoint_id=endpoint_id, due_at__isnull=False).update(due_at=utc_now())


async def _carry(of_poster: dict[str, Any]) -> None:
    with closing(DatabaseThreads()) as database:
        courier = WebhookCourier(
            database, Poster(**{"opened": opened_networks(), "resolve": loopback_only, **of_poster})
        )
        async with asyncio.timeout(DEADLINE_S):
            while await courier.claim() or courier.in_hand_count:
                await asyncio.sleep(0.01)
        await courier.drain()
