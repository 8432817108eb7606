"""One endpoint that is slow, or down, costs the others nothing."""

import asyncio
from contextlib import closing

import pytest

from khata.webhooks.configuration import opened_networks
from khata.webhooks.models import WebhookEndpoint
from khata.webhooks.operations import claim_deliveries
from khata.webhooks.operations.deliveries import AT_ONCE_MAX
from khata.webhooks.posting import Poster
from khata.workers.database_threads import DatabaseThreads
from khata.workers.webhook_courier import WebhookCourier
from tests.conftest import World
from tests.database.webhooks.courier import endpoint_at, loopback_only, record
from tests.webhook_receiver import Receiver, hang

BACKLOG = 5 * AT_ONCE_MAX


@pytest.fixture
def mine(world: World) -> int:
    return world.organisation.id


async def carry_until(others: Receiver, count: int) -> None:
    with closing(DatabaseThreads()) as database:
        poster = Poster(opened=opened_networks(), resolve=loopback_only, timeout_s=20)
        courier = WebhookCourier(database, poster)
        async with asyncio.timeout(60):
            while len(others.got) < count:
                await courier.claim()
                await asyncio.sleep(0.01)
        await courier.drain()


def test_an_endpoint_that_hangs_holds_only_its_own_deliveries_up(mine: int, world: World, receiver: Receiver) -> None:
    with Receiver(hang) as hanging:
        slow_id = endpoint_at(hanging.url, mine)
        record(mine, count=BACKLOG)
        endpoint_at(receiver.url, world.chens_organisation.id)
        record(world.chens_organisation.id, count=BACKLOG)
        asyncio.run(carry_until(receiver, BACKLOG))
        # Cut off by the drain, none of them has an answer; and never was there more than its share on the way.
        assert 0 < len(hanging.got) <= AT_ONCE_MAX
        assert WebhookEndpoint.objects.get(id=slow_id).failing_since is None


def test_an_endpoint_is_claimed_for_up_to_its_share_whatever_it_is_busy_with(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine, count=BACKLOG)

    def claimed_count(busy_count: int) -> int:
        found = claim_deliveries(busy={endpoint_id: busy_count}, limit=1_000)
        return sum(claimed.endpoint_id == endpoint_id for claimed in found)

    assert claimed_count(AT_ONCE_MAX) == 0
    assert claimed_count(AT_ONCE_MAX + 5) == 0
    assert claimed_count(AT_ONCE_MAX - 3) == 3
    assert claimed_count(0) == AT_ONCE_MAX


def test_an_endpoint_that_fails_has_room_for_one_attempt_at_a_time(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine, count=BACKLOG)
    WebhookEndpoint.objects.filter(id=endpoint_id).update(failing_since="2026-01-01T00:00:00Z")
    found = claim_deliveries(busy={}, limit=1_000)
    assert sum(claimed.endpoint_id == endpoint_id for claimed in found) == 1
    found = claim_deliveries(busy={endpoint_id: 1}, limit=1_000)
    assert sum(claimed.endpoint_id == endpoint_id for claimed in found) == 0


def test_two_workers_never_claim_the_same_attempt(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine, count=BACKLOG)
    claims = [claim_deliveries(busy={}, limit=1_000) for _ in range(3)]
    ids = [claimed.id for found in claims for claimed in found if claimed.endpoint_id == endpoint_id]
    assert len(ids) == len(set(ids)) == 3 * AT_ONCE_MAX
