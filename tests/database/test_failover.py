"""Several carriers for a route: priority, overflow, failover only where nothing left, and rest after failures."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from uuid import UUID

import pytest

from khata.carriers.core.breaker import FAILURES_MAX
from khata.carriers.port import (
    Accepted,
    Answer,
    CarrierHealth,
    Receipt,
    Refused,
    Store,
    Submission,
    Unavailable,
    Unknown,
)
from khata.kernel.transactions import with_pooled_connection
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.routes import Route
from khata.messaging.models import Message
from khata.messaging.operations import Handed, SendRequest, SentMessage, send_message, settle_news
from khata.tenancy.models import Organisation
from khata.workers.carrier_line import CarrierLine
from khata.workers.database_threads import DatabaseThreads
from khata.workers.dispatcher import Dispatcher, Turns
from tests.leases import lease
from tests.routes import route_of, routes_in

pytestmark = pytest.mark.anyio

LONG = "x" * 400  # three segments


class ScriptedCarrier:
    """Answers at once, as it is told to; keeps what it was given."""

    is_sandbox = True
    submits_per_s_max: int | None = None
    can_query = False
    takes_whole_messages = False

    def __init__(self, name: str, *script: Answer | Exception, window: int = 100) -> None:
        self.name = name
        self.window = window
        self.is_bound = True
        self.script = list(script)
        self.given: list[Submission] = []

    async def start(self, store: Store) -> None: ...

    async def submit(self, submission: Submission) -> Answer:
        self.given.append(submission)
        answer = self.script.pop(0) if self.script else Accepted(f"{self.name}-{submission.message_id}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def query(self, carrier_ref: str, *, sender: str) -> Receipt | None:
        return None

    async def close(self) -> None: ...

    def health(self) -> CarrierHealth:
        return CarrierHealth(self.is_bound, 0, "")

    @property
    def message_ids(self) -> list[UUID]:
        return [submission.message_id for submission in self.given]


@pytest.fixture
def database() -> Iterator[DatabaseThreads]:
    with closing(DatabaseThreads()) as threads:
        yield threads


@pytest.fixture
def route() -> Iterator[Route]:
    """Takes every message of the test, and no message of another one."""
    with ExitStack() as stack:
        route = route_of(carriers=("first", "second"))
        stack.enter_context(routes_in(route))
        yield route


@pytest.fixture
def organisation_id(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 200)
    return organisation.id


async def dispatcher_of(
    route: Route, database: DatabaseThreads, *lines: CarrierLine, turns: Turns | None = None
) -> Dispatcher:
    def settle(handed: Handed) -> "asyncio.Future[None]":
        return asyncio.ensure_future(database.run(settle_news, [handed]))

    token = await database.run(lease)
    return Dispatcher(route.name, lines, database, settle, turns or Turns(), lease_token=token)


async def send(database: DatabaseThreads, organisation_id: int, count: int = 1, body: str = "Hi") -> list[SentMessage]:
    def send_all() -> list[SentMessage]:
        request = SendRequest("+919812345678", body)
        return [send_message(organisation_id=organisation_id, request=request) for _ in range(count)]

    return await database.run(send_all)


async def found(sent: SentMessage) -> Message:
    return await asyncio.to_thread(partial(with_pooled_connection, partial(Message.objects.get, id=sent.id)))


async def run_once(dispatcher: Dispatcher) -> int:
    claimed = await dispatcher.claim()
    await dispatcher.drain()
    return claimed


async def test_the_first_carrier_gets_the_messages_while_it_can_take_them(
    route: Route, database: DatabaseThreads, organisation_id: int
) -> None:
    first, second = ScriptedCarrier("first"), ScriptedCarrier("second")
    dispatcher = await dispatcher_of(route, database, CarrierLine(first), CarrierLine(second))
    await send(database, organisation_id, 3)
    assert await run_once(dispatcher) == 3
    assert (len(first.given), len(second.given)) == (3, 0)
    first.is_bound = False
    (sent,) = await send(database, organisation_id)
    assert await run_once(dispatcher) == 1
    assert second.message_ids == [sent.id]
    assert (await found(sent)).carrier == "second"


async def test_a_message_the_first_carrier_certainly_did_not_take_goes_to_the_next_at_once(
    route: Route, database: DatabaseThreads, organisation_id: int
) -> None:
    first, second = ScriptedCarrier("first", Unavailable("queue full")), ScriptedCarrier("second")
    dispatcher = await dispatcher_of(route, database, CarrierLine(first), CarrierLine(second))
    (sent,) = await send(database, organisation_id, body=LONG)
    await run_once(dispatcher)
    assert (len(first.given), second.message_ids) == (1, [sent.id] * 3)
    row = await found(sent)
    assert (MessageStatus(row.status), row.carrier, row.attempts) == (MessageStatus.SUBMITTED, "second", 1)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Unknown("silence")], MessageStatus.UNKNOWN),
        ([Refused("0x0B", "no")], MessageStatus.FAILED),
        ([RuntimeError("a driver's mistake")], MessageStatus.UNKNOWN),
        ([Accepted("one"), Unknown("silence")], MessageStatus.UNKNOWN),
        ([Accepted("two"), Refused("0x0B", "no")], MessageStatus.FAILED),
    ],
    ids=str,
)
async def test_a_message_that_may_have_been_taken_or_was_refused_goes_nowhere_else(
    route: Route,
    database: DatabaseThreads,
    organisation_id: int,
    answers: list[Answer | Exception],
    expected: MessageStatus,
) -> None:
    first, second = ScriptedCarrier("first", *answers), ScriptedCarrier("second")
    dispatcher = await dispatcher_of(route, database, CarrierLine(first), CarrierLine(second))
    (sent,) = await send(database, organisation_id, body=LONG)
    await run_once(dispatcher)
    assert second.given == []
    row = await found(sent)
    assert (MessageStatus(row.status), row.carrier) == (expected, "first")
    assert await run_once(dispatcher) == 0


async def test_a_message_no_carrier_takes_waits_for_another_try(
    route: Route, database: DatabaseThreads, organisation_id: int
) -> None:
    carriers = [ScriptedCarrier(name, Unavailable("away")) for name in ("first", "second")]
    dispatcher = await dispatcher_of(route, database, *map(CarrierLine, carriers))
    (sent,) = await send(database, organisation_id)
    await run_once(dispatcher)
    assert [len(carrier.given) for carrier in carriers] == [1, 1]
    row = await found(sent)
    assert (MessageStatus(row.status), row.carrier, row.error_code) == (
        MessageStatus.ACCEPTED,
        None,
        "carrier_unavailable",
    )


async def test_what_is_too_much_for_the_first_carrier_goes_to_the_second(
    route: Route, database: DatabaseThreads, organisation_id: int
) -> None:
    first, second = ScriptedCarrier("first", window=4), ScriptedCarrier("second")
    lines = [CarrierLine(first), CarrierLine(second)]
    dispatcher = await dispatcher_of(route, database, *lines)
    lines[0].take(4)  # as another route would
    await send(database, organisation_id, 2)
    assert await run_once(dispatcher) == 2
    assert (len(first.given), len(second.given)) == (0, 2)


async def test_a_carrier_that_keeps_failing_rests_and_the_others_take_over(
    route: Route, database: DatabaseThreads, organisation_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("khata.carriers.core.breaker._REST_MIN_S", 300.0)
    monkeypatch.setattr("khata.carriers.core.breaker._REST_MAX_S", 300.0)
    first = ScriptedCarrier("first", *[Unavailable("away")] * FAILURES_MAX)
    second = ScriptedCarrier("second")
    line = CarrierLine(first)
    dispatcher = await dispatcher_of(route, database, line, CarrierLine(second))
    await send(database, organisation_id, FAILURES_MAX)
    await run_once(dispatcher)
    assert not line.is_usable
    assert line.reading().is_resting
    assert line.reading().last_error == "away"
    await send(database, organisation_id, 5)
    await run_once(dispatcher)
    assert (len(first.given), len(second.given)) == (FAILURES_MAX, FAILURES_MAX + 5)


async def test_two_routes_of_one_carrier_share_its_window(
    route: Route, database: DatabaseThreads, organisation_id: int
) -> None:
    carrier, turns = ScriptedCarrier("first", window=4), Turns()
    line = CarrierLine(carrier)
    await send(database, organisation_id, 4)
    other = route_of("other")
    with routes_in(other):
        await send(database, organisation_id, 4)
    dispatchers = [await dispatcher_of(one, database, line, turns=turns) for one in (route, other)]
    line.take(2)
    both = await asyncio.gather(*(dispatcher.claim() for dispatcher in dispatchers))
    assert max(both) == 2
    await asyncio.gather(*(dispatcher.drain() for dispatcher in dispatchers))
    line.give_back()
    line.give_back()
    while any([await run_once(dispatcher) for dispatcher in dispatchers]):
        pass
    assert len(carrier.given) == len(set(carrier.message_ids)) == 8


async def test_a_message_that_cannot_be_made_ready_holds_nobody_up(
    route: Route, database: DatabaseThreads, organisation_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = ScriptedCarrier("first", window=4)
    line = CarrierLine(carrier)
    dispatcher = await dispatcher_of(route, database, line)
    (poisoned,) = await send(database, organisation_id, body=LONG)
    others = await send(database, organisation_id, 2)

    def fail(body: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("khata.workers.dispatcher.segment", fail)
    assert await run_once(dispatcher) == 3
    assert sorted(carrier.message_ids) == sorted(sent.id for sent in others)
    row = await found(poisoned)
    assert (MessageStatus(row.status), row.error_code, row.attempts) == (MessageStatus.ACCEPTED, "not_ready", 1)
    assert line.room() == 4


async def test_a_claim_that_waits_for_room_ends_when_the_worker_stops(
    route: Route, database: DatabaseThreads, organisation_id: int
) -> None:
    line = CarrierLine(ScriptedCarrier("first", window=4))
    dispatcher = await dispatcher_of(route, database, line)
    await send(database, organisation_id)
    line.take(4)
    claiming = asyncio.create_task(dispatcher.claim())
    await asyncio.sleep(0)
    dispatcher.stop()
    async with asyncio.timeout(30):
        assert await claiming == 0
