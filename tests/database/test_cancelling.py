"""A message is cancelled by its organisation: only what nobody has claimed, once, with its credits returned."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from khata.carriers.port import Accepted, Unavailable, Unknown
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import freeze_wallet, verify_ledger
from khata.ledger.queries import balance
from khata.messaging import queries
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.life import Cancellation, MessageStatus
from khata.messaging.core.routes import Policy
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import Message
from khata.messaging.operations import (
    Handed,
    MessageUnderWay,
    SendRequest,
    cancel_message,
    claim_messages,
    send_message,
    settle_news,
)
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.leases import lease, release_all, sweep_all
from tests.routes import route_of, routes_in

CREDIT = 1_000_000
HOUR = timedelta(hours=1)
RESENT = Policy(is_safe_to_resend=True)


@pytest.fixture(autouse=True)
def _sound_ledger() -> Iterator[None]:
    yield
    assert verify_ledger().is_sound


@pytest.fixture
def route() -> Iterator[str]:
    route = route_of(policy=RESENT)
    with routes_in(route):
        yield route.name


@pytest.fixture
def funded(organisation: Organisation, give_credits: Callable[[int, int], None], route: str) -> int:
    give_credits(organisation.id, 10)
    return organisation.id


def send(organisation_id: int, *, is_scheduled: bool = False) -> uuid.UUID:
    request = SendRequest("+919812345678", "Hello", scheduled_at=utc_now() + HOUR if is_scheduled else None)
    return send_message(organisation_id=organisation_id, request=request).id


def claim(route: str) -> list[ClaimedMessage]:
    return claim_messages(token=lease(), limit=100, route=route)


def cancel(organisation_id: int, message_id: uuid.UUID) -> None:
    cancel_message(organisation_id=organisation_id, message_id=message_id)


def status(message_id: uuid.UUID) -> MessageStatus:
    return MessageStatus(Message.objects.get(id=message_id).status)


def money(organisation_id: int) -> tuple[int, int]:
    """(available, held) in whole credits."""
    now = balance(organisation_id=organisation_id)
    return now.available // CREDIT, now.held // CREDIT


@pytest.mark.parametrize("is_scheduled", [True, False], ids=["scheduled", "waiting"])
def test_what_nobody_has_claimed_is_cancelled_and_costs_nothing(funded: int, route: str, is_scheduled: bool) -> None:
    message_id = send(funded, is_scheduled=is_scheduled)
    cancel(funded, message_id)
    found = queries.message(organisation_id=funded, message_id=message_id)
    assert (found.status, found.error_code) == (MessageStatus.CANCELLED, Cancellation.ON_REQUEST)
    assert (found.credits_captured_micro, found.finished_at is not None) == (0, True)
    assert [step.event for step in found.timeline][-2:] == ["credits_returned", "cancelled"]
    assert money(funded) == (10, 0)
    Message.objects.filter(id=message_id).update(due_at=utc_now())
    release_all()
    assert claim(route) == []


def test_cancelling_again_changes_nothing_whyever_it_was_cancelled(funded: int) -> None:
    asked, stopped = send(funded), send(funded)
    cancel(funded, asked)
    freeze_wallet(funded)
    sweep_all(lease())
    before = list(Message.objects.filter(organisation_id=funded).values())
    for message_id in (asked, stopped):
        cancel(funded, message_id)
    assert list(Message.objects.filter(organisation_id=funded).values()) == before
    assert money(funded) == (10, 0)


def test_what_is_on_its_way_or_over_cannot_be_cancelled(funded: int, route: str) -> None:
    message_id = send(funded)
    (claimed,) = claim(route)
    with pytest.raises(MessageUnderWay):
        cancel(funded, message_id)
    settle_news([Handed(claimed, "smpp", decide_hand_over([Accepted(uuid.uuid4().hex)], 1))])
    with pytest.raises(MessageUnderWay):
        cancel(funded, message_id)
    assert (status(message_id), money(funded)) == (MessageStatus.SUBMITTED, (9, 0))


def test_what_a_carrier_surely_did_not_take_can_be_cancelled_before_its_next_try(funded: int, route: str) -> None:
    message_id = send(funded)
    (claimed,) = claim(route)
    settle_news([Handed(claimed, "smpp", decide_hand_over([Unavailable("away")], 1))])
    cancel(funded, message_id)
    assert (status(message_id), money(funded)) == (MessageStatus.CANCELLED, (10, 0))


def test_what_a_carrier_may_have_taken_cannot_be_cancelled_though_it_waits_again(funded: int, route: str) -> None:
    message_id = send(funded)
    (claimed,) = claim(route)
    settle_news([Handed(claimed, "smpp", decide_hand_over([Unknown("silence")], 1))])
    assert status(message_id) is MessageStatus.ACCEPTED
    with pytest.raises(MessageUnderWay):
        cancel(funded, message_id)
    assert money(funded) == (9, 1)


def test_another_organisations_message_does_not_exist(funded: int, world: World) -> None:
    message_id = send(funded, is_scheduled=True)
    with pytest.raises(NotFound):
        cancel(world.chens_organisation.id, message_id)
    with pytest.raises(NotFound):
        cancel(funded, uuid.uuid4())
    assert status(message_id) is MessageStatus.SCHEDULED


def test_a_message_cancelled_while_it_is_released_and_claimed_goes_or_costs_nothing_never_both(
    funded: int, route: str
) -> None:
    ids = [send(funded, is_scheduled=True) for _ in range(10)]
    Message.objects.filter(id__in=ids).update(due_at=utc_now())

    def try_to_cancel(message_id: uuid.UUID) -> uuid.UUID | None:
        try:
            cancel(funded, message_id)
        except MessageUnderWay:
            return None
        return message_id

    def release_and_claim() -> list[uuid.UUID]:
        release_all()
        return [message.id for message in claim(route)]

    with ThreadPoolExecutor(4) as threads:
        claiming = [threads.submit(with_pooled_connection, release_and_claim) for _ in range(3)]
        cancelling = [threads.submit(with_pooled_connection, lambda id_=id_: try_to_cancel(id_)) for id_ in ids]
        claimed = {id_ for one in claiming for id_ in one.result()}
        cancelled = {one.result() for one in cancelling} - {None}
    claimed |= {message.id for message in claim(route)}
    assert claimed | cancelled == set(ids)
    assert claimed & cancelled == set()
    assert money(funded) == (10 - len(claimed), len(claimed))
