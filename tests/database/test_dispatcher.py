"""Handing over, to a carrier that answers as a test wants: how much goes at once, and what is claimed for it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest

from khata.carriers.port import Accepted, Answer, CarrierHealth, Receipt, Store, Submission, Unavailable
from khata.kernel.errors import DatabaseUnavailable
from khata.kernel.transactions import with_pooled_connection
from khata.messaging import queries
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.routes import Route
from khata.messaging.operations import Handed, SendRequest, send_message, settle_news
from khata.tenancy.models import Organisation
from khata.workers.carrier_line import CarrierLine
from khata.workers.database_threads import DatabaseThreads
from khata.workers.dispatcher import Dispatcher, Settle, Turns
from tests.leases import lease
from tests.routes import route_of, routes_in

pytestmark = pytest.mark.anyio

LONG = "x" * 400  # three segments
DEADLINE_S = 60


class OpenCarrier:
    """Keeps every submission waiting until the test answers it."""

    name = "open"
    is_sandbox = True
    can_query = False
    takes_whole_messages = False

    def __init__(self, *, window: int = 4, submits_per_s_max: int | None = None) -> None:
        self.window = window
        self.submits_per_s_max = submits_per_s_max
        self.waiting: list[tuple[Submission, asyncio.Future[Answer]]] = []

    async def start(self, store: Store) -> None: ...

    async def submit(self, submission: Submission) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.waiting.append((submission, answer))
        return await answer

    async def query(self, carrier_ref: str, *, sender: str) -> Receipt | None:
        return None

    async def close(self) -> None: ...

    def health(self) -> CarrierHealth:
        return CarrierHealth(True, len(self.waiting), "")

    def answer(self, count: int, make: Callable[[Submission], Answer]) -> list[Submission]:
        answered, self.waiting = self.waiting[:count], self.waiting[count:]
        for submission, answer in answered:
            answer.set_result(make(submission))
        return [submission for submission, _ in answered]


@pytest.fixture
def database() -> Iterator[DatabaseThreads]:
    with closing(DatabaseThreads()) as threads:
        yield threads


@pytest.fixture
def organisation_id(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 100)
    return organisation.id


@pytest.fixture
def route() -> Iterator[Route]:
    """Takes every message of the test, and no message of another one."""
    route = route_of(carriers=("open",))
    with routes_in(route):
        yield route


async def settle(database: DatabaseThreads, handed: Handed) -> None:
    await database.run(settle_news, [handed])


async def dispatcher_of(route: Route, carrier: OpenCarrier, database: DatabaseThreads) -> Dispatcher:
    def settle_later(handed: Handed) -> "asyncio.Future[None]":
        return asyncio.ensure_future(settle(database, handed))

    return await dispatcher_by(settle_later, route, carrier, database)


async def dispatcher_by(settle: Settle, route: Route, carrier: OpenCarrier, database: DatabaseThreads) -> Dispatcher:
    token = await database.run(lease)
    return Dispatcher(route.name, [CarrierLine(carrier)], database, settle, Turns(), lease_token=token)


async def send(organisation_id: int, count: int, body: str = "Hello") -> None:
    def send_all() -> None:
        for _ in range(count):
            send_message(organisation_id=organisation_id, request=SendRequest("+919812345678", body))

    await asyncio.to_thread(partial(with_pooled_connection, send_all))


async def statuses(organisation_id: int) -> list[MessageStatus]:
    def read() -> list[MessageStatus]:
        return [row.status for row in queries.messages(organisation_id=organisation_id, limit=100).rows]

    return await asyncio.to_thread(partial(with_pooled_connection, read))


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.002)


def accept(submission: Submission) -> Answer:
    return Accepted(f"{submission.message_id.hex}-{submission.part}")


async def test_no_more_is_claimed_than_may_go_at_once(
    route: Route, organisation_id: int, database: DatabaseThreads
) -> None:
    """So a worker that dies leaves no message in doubt that it had not begun to send."""
    await send(organisation_id, 10)
    carrier = OpenCarrier(window=4)
    dispatcher = await dispatcher_of(route, carrier, database)
    assert await dispatcher.claim() == 4
    await eventually(lambda: len(carrier.waiting) == 4)
    claiming = asyncio.create_task(dispatcher.claim())
    carrier.answer(1, accept)
    await dispatcher_idle(claiming)
    assert not claiming.done()  # half of the window must be free
    carrier.answer(1, accept)
    assert await claiming == 2
    await eventually(lambda: len(carrier.waiting) == 4)
    carrier.answer(4, accept)
    await dispatcher.drain()
    found = await statuses(organisation_id)
    assert (found.count(MessageStatus.SUBMITTED), found.count(MessageStatus.ACCEPTED)) == (6, 4)


async def dispatcher_idle(claiming: "asyncio.Task[int]") -> None:
    """Gives a claim every chance to go on that it could have."""
    await asyncio.wait({claiming}, timeout=0.1)


async def test_a_throttled_message_goes_back_and_the_carrier_gets_time(
    route: Route, organisation_id: int, database: DatabaseThreads
) -> None:
    await send(organisation_id, 8)
    carrier = OpenCarrier(window=4)
    dispatcher = await dispatcher_of(route, carrier, database)
    await dispatcher.claim()
    await eventually(lambda: len(carrier.waiting) == 4)
    carrier.answer(4, lambda _: Unavailable("ESME_RTHROTTLED", is_throttled=True))
    await dispatcher.drain()
    assert await dispatcher.claim() == 1  # the slowest pace there was reason for: two a second, one at a time
    await eventually(lambda: len(carrier.waiting) == 1)
    carrier.answer(1, accept)
    await dispatcher.drain()


async def test_a_carriers_limit_bounds_what_is_claimed(
    route: Route, organisation_id: int, database: DatabaseThreads
) -> None:
    await send(organisation_id, 8)
    carrier = OpenCarrier(window=100, submits_per_s_max=40)
    dispatcher = await dispatcher_of(route, carrier, database)
    assert await dispatcher.claim() == 2
    await eventually(lambda: len(carrier.waiting) >= 1)
    carrier.answer(2, accept)
    await dispatcher.drain()


async def test_later_parts_follow_the_answer_to_the_first(
    route: Route, organisation_id: int, database: DatabaseThreads
) -> None:
    await send(organisation_id, 1, LONG)
    carrier = OpenCarrier(window=100)
    dispatcher = await dispatcher_of(route, carrier, database)
    await dispatcher.claim()
    for expected in (1, 2, 3):
        await eventually(lambda: len(carrier.waiting) == 1)
        assert [submission.part for submission in carrier.answer(1, accept)] == [expected]
    await dispatcher.drain()
    assert await statuses(organisation_id) == [MessageStatus.SUBMITTED]


async def test_an_answer_that_cannot_be_settled_yet_is_not_forgotten(
    route: Route, organisation_id: int, database: DatabaseThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("khata.workers.dispatcher.SETTLE_PAUSE_S", 0.01)
    await send(organisation_id, 1)
    carrier, failures = OpenCarrier(window=100), iter([DatabaseUnavailable(), OSError("anything")])

    def settle_at_third(handed: Handed) -> "asyncio.Future[None]":
        if (failure := next(failures, None)) is not None:
            raise failure
        return asyncio.ensure_future(settle(database, handed))

    dispatcher = await dispatcher_by(settle_at_third, route, carrier, database)
    await dispatcher.claim()
    await eventually(lambda: len(carrier.waiting) > 0)
    carrier.answer(100, accept)
    await dispatcher.drain()
    assert await statuses(organisation_id) == [MessageStatus.SUBMITTED]
