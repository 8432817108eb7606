"""A worker told to stop: what it has just claimed is carried to its end, and nothing more is begun."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import ParamSpec, TypeVar

import pytest

from khata.messaging.core.life import MessageStatus
from khata.messaging.operations import Handed
from khata.tenancy.models import Organisation
from khata.webhooks.configuration import opened_networks
from khata.webhooks.core.retries import DeliveryState
from khata.webhooks.operations import delete_endpoint
from khata.webhooks.posting import Poster
from khata.workers.carrier_line import CarrierLine
from khata.workers.database_threads import DatabaseThreads
from khata.workers.dispatcher import Dispatcher, Turns
from khata.workers.webhook_courier import WebhookCourier
from tests.database.test_dispatcher import OpenCarrier, accept, eventually, send, settle, statuses
from tests.database.webhooks.courier import claim_all, deliveries, endpoint_at, loopback_only, record
from tests.leases import lease
from tests.routes import route_of, routes_in
from tests.webhook_receiver import Receiver

DEADLINE_S = 60

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class HeldDatabase(DatabaseThreads):
    """What is asked of it is committed at once; whoever asked hears of it only when `answers` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.committed = asyncio.Event()
        self.answers = asyncio.Event()

    async def run(
        self, operation: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        result = await super().run(operation, *args, **kwargs)
        self.committed.set()
        await self.answers.wait()
        return result


@pytest.fixture
def organisation_id(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 100)
    return organisation.id


@pytest.mark.anyio
async def test_messages_that_are_being_claimed_are_handed_over_and_settled_before_the_end(organisation_id: int) -> None:
    carrier, route = OpenCarrier(), route_of(carriers=("open",))
    with routes_in(route), closing(DatabaseThreads()) as database, closing(HeldDatabase()) as held:
        await send(organisation_id, 1)

        def settle_later(handed: Handed) -> "asyncio.Future[None]":
            return asyncio.ensure_future(settle(database, handed))

        token = await database.run(lease)
        dispatcher = Dispatcher(route.name, [CarrierLine(carrier)], held, settle_later, Turns(), lease_token=token)
        claiming = asyncio.create_task(dispatcher.claim())
        await held.committed.wait()
        dispatcher.stop()
        draining = asyncio.create_task(dispatcher.drain())
        held.answers.set()
        await eventually(lambda: len(carrier.waiting) == 1)
        assert not draining.done()
        carrier.answer(1, accept)
        await draining
        assert await claiming == 1
    assert await statuses(organisation_id) == [MessageStatus.SUBMITTED]


def test_deliveries_that_are_being_claimed_are_made_and_written_down_before_the_end(organisation_id: int) -> None:
    async def end_while_claiming() -> list[int]:
        with closing(HeldDatabase()) as held:
            courier = WebhookCourier(held, Poster(opened=opened_networks(), resolve=loopback_only))
            claiming = asyncio.create_task(courier.claim())
            await held.committed.wait()
            draining = asyncio.create_task(courier.drain())
            await asyncio.sleep(0)
            held.answers.set()
            await draining
            return [await claiming, await courier.claim()]

    with Receiver() as receiver:
        claim_all()
        endpoint_id = endpoint_at(receiver.url, organisation_id)
        record(organisation_id)
        first, later = asyncio.run(end_while_claiming())
        assert (first, later, len(receiver.got)) == (1, 0, 1)
        assert [made.state for made in deliveries(organisation_id, endpoint_id)] == [DeliveryState.DELIVERED]
        delete_endpoint(organisation_id=organisation_id, endpoint_id=endpoint_id)


def test_room_that_is_freed_as_soon_as_somebody_waits_for_it_wakes_them() -> None:
    async def free_at_once() -> None:
        turns = Turns()
        waiting = asyncio.create_task(turns.wait_for_room(10 * DEADLINE_S))
        await asyncio.sleep(0)
        turns.note_room()
        async with asyncio.timeout(DEADLINE_S):
            await waiting

    asyncio.run(free_at_once())
