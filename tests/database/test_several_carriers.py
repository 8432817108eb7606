"""A route with two real message centres: one that is stopped loses and doubles nothing, nor does one that is silent."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import NamedTuple

import pytest

from khata.carriers.drivers.smpp import SmppCarrier, SmppSettings
from khata.kernel.group_commit import GroupCommit
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import verify_ledger
from khata.ledger.queries import balance
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.routes import ChargeOn, Policy, Route
from khata.messaging.models import Message
from khata.messaging.operations import News, SendRequest, SentMessage, send_message, settle_news
from khata.tenancy.models import Organisation
from khata.workers.carrier_line import CarrierLine
from khata.workers.database_threads import DatabaseThreads
from khata.workers.dispatcher import Dispatcher, Turns
from tests.leases import lease
from tests.routes import route_of, routes_in
from tests.sandbox.far_end import FarEnd

pytestmark = pytest.mark.anyio

CREDIT = 1_000_000
DEADLINE_S = 60
ACCOUNT = {"SANDBOX_SMSC_SYSTEM_ID": "khata", "SANDBOX_SMSC_PASSWORD": "secret"}
NEVER_ANSWERED = "+919812340004"
ON_DELIVERED = Policy(ChargeOn.DELIVERED)


class Worker(NamedTuple):
    dispatcher: Dispatcher
    carriers: dict[str, SmppCarrier]
    database: DatabaseThreads


@pytest.fixture
def centres(tmp_path: Path) -> Iterator[dict[str, FarEnd]]:
    with (
        FarEnd("smsc", tmp_path / "first", **ACCOUNT) as first,
        FarEnd("smsc", tmp_path / "second", **ACCOUNT) as second,
    ):
        yield {"first": first, "second": second}


@pytest.fixture
def route() -> Iterator[Route]:
    route = route_of(carriers=("first", "second"), policy=ON_DELIVERED)
    with routes_in(route):
        yield route


@pytest.fixture
def organisation_id(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 100)
    return organisation.id


@asynccontextmanager
async def worker_of(route: Route, centres: dict[str, FarEnd]) -> AsyncIterator[Worker]:
    news: GroupCommit[News, None] = GroupCommit(settle)
    carriers = {name: SmppCarrier(settings_of(name, centre.port)) for name, centre in centres.items()}
    with closing(DatabaseThreads()) as database:
        token = await database.run(lease)
        lines = [CarrierLine(carrier) for carrier in carriers.values()]
        dispatcher = Dispatcher(route.name, lines, database, news.submit, Turns(), lease_token=token)
        for carrier in carriers.values():
            await carrier.start(news.submit)
        await eventually(lambda: all(carrier.health().is_bound for carrier in carriers.values()))
        yield Worker(dispatcher, carriers, database)
        await dispatcher.drain()
        for carrier in carriers.values():
            await carrier.close()
        await news.drain()


def settle(news: Sequence[News]) -> list[None]:
    with_pooled_connection(lambda: settle_news(news))
    return [None] * len(news)


def settings_of(name: str, port: int) -> SmppSettings:
    return SmppSettings(
        name=name,
        host="127.0.0.1",
        port=port,
        system_id="khata",
        password="secret",
        is_sandbox=True,
        response_timeout_s=2,
    )


async def send(worker: Worker, organisation_id: int, *recipients: str) -> list[SentMessage]:
    def send_all() -> list[SentMessage]:
        requests = [SendRequest(recipient, "Hello") for recipient in recipients]
        return [send_message(organisation_id=organisation_id, request=request) for request in requests]

    sent = await worker.database.run(send_all)
    async with asyncio.timeout(DEADLINE_S):
        while await worker.dispatcher.claim() or await statuses(worker, sent) & {MessageStatus.ACCEPTED}:
            await asyncio.sleep(0.01)
    return sent


async def statuses(worker: Worker, sent: list[SentMessage]) -> set[MessageStatus]:
    ids = [one.id for one in sent]
    found = await worker.database.run(lambda: list(Message.objects.filter(id__in=ids).values_list("status", flat=True)))
    return {MessageStatus(status) for status in found}


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.01)


async def delivered(worker: Worker, sent: list[SentMessage]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await statuses(worker, sent) != {MessageStatus.DELIVERED}:
            await asyncio.sleep(0.02)


def numbers(first: int, count: int) -> list[str]:
    return [f"+9198123{number:05d}" for number in range(first, first + count)]


async def test_a_carrier_that_stops_is_replaced_and_nothing_is_sent_twice(
    route: Route, centres: dict[str, FarEnd], organisation_id: int
) -> None:
    async with worker_of(route, centres) as worker:
        before = await send(worker, organisation_id, *numbers(10_100, 5))
        await delivered(worker, before)
        await asyncio.to_thread(centres["first"].stop)
        after = await send(worker, organisation_id, *numbers(20_100, 5))
        await delivered(worker, after)
        assert await carriers_of(worker, before) == {"first"}
        assert await carriers_of(worker, after) == {"second"}
        assert len(await asyncio.to_thread(centres["second"].get, "/messages.json")) == 5
        now = await worker.database.run(balance, organisation_id=organisation_id)
        assert (now.available, now.held) == (90 * CREDIT, 0)
        assert (await worker.database.run(verify_ledger)).is_sound


async def test_a_message_whose_answer_is_lost_is_given_to_nobody_else(
    route: Route, centres: dict[str, FarEnd], organisation_id: int
) -> None:
    async with worker_of(route, centres) as worker:
        sent = await send(worker, organisation_id, NEVER_ANSWERED)
        async with asyncio.timeout(DEADLINE_S):
            while await statuses(worker, sent) != {MessageStatus.UNKNOWN}:
                await asyncio.sleep(0.05)
        assert await worker.dispatcher.claim() == 0
        counts = [len(await asyncio.to_thread(centre.get, "/messages.json")) for centre in centres.values()]
        assert counts == [1, 0]
        now = await worker.database.run(balance, organisation_id=organisation_id)
        assert (now.available, now.held) == (99 * CREDIT, CREDIT)


async def carriers_of(worker: Worker, sent: list[SentMessage]) -> set[str | None]:
    ids = [one.id for one in sent]
    return set(
        await worker.database.run(lambda: list(Message.objects.filter(id__in=ids).values_list("carrier", flat=True)))
    )
