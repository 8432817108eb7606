"""Messages that still wait when sending is stopped or their API key is revoked: they stop, and their credits return."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from khata.carriers.port import Accepted
from khata.kernel.clock import utc_now
from khata.ledger.models import Wallet
from khata.ledger.operations import freeze_wallet, unfreeze_wallet, verify_ledger
from khata.ledger.queries import balance
from khata.messaging import queries
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.life import Cancellation, MessageStatus
from khata.messaging.core.routes import ChargeOn, Policy, Route
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import Message
from khata.messaging.operations import (
    Handed,
    SendRequest,
    SentMessage,
    claim_messages,
    send_message,
    settle_news,
)
from khata.messaging.operations.cancellations import cancel_waiting
from khata.tenancy.models import Organisation
from khata.tenancy.operations import create_api_key, revoke_api_key
from tests.conftest import World
from tests.leases import lease, sweep_all
from tests.routes import route_of, routes_in

CREDIT = 1_000_000


@pytest.fixture(autouse=True)
def _sound_ledger() -> Iterator[None]:
    yield
    assert verify_ledger().is_sound


@pytest.fixture(params=[Policy(), Policy(ChargeOn.DELIVERED, kept_per_segment=CREDIT)], ids=["accepted", "delivered"])
def route(request: pytest.FixtureRequest) -> Iterator[Route]:
    route = route_of(policy=request.param)
    with routes_in(route):
        yield route


@pytest.fixture
def funded(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 10)
    return organisation.id


def send(organisation_id: int, api_key_id: UUID | None = None) -> SentMessage:
    request = SendRequest("+919812345678", "Hello")
    return send_message(organisation_id=organisation_id, request=request, api_key_id=api_key_id)


def api_key(organisation_id: int) -> UUID:
    return create_api_key(organisation_id=organisation_id, name="Shop", created_by=None, mode="test")[0]


def claim(route: Route) -> list[ClaimedMessage]:
    return claim_messages(token=lease(), limit=100, route=route.name)


def sweep() -> None:
    sweep_all(lease())


def detail(organisation_id: int, sent: SentMessage) -> queries.MessageDetail:
    return queries.message(organisation_id=organisation_id, message_id=sent.id)


def money(organisation_id: int) -> tuple[int, int]:
    """(available, held) in whole credits."""
    now = balance(organisation_id=organisation_id)
    return now.available // CREDIT, now.held // CREDIT


def assert_cancelled(organisation_id: int, sent: SentMessage, reason: Cancellation) -> None:
    found = detail(organisation_id, sent)
    assert (found.status, found.error_code, found.error_detail) == (MessageStatus.CANCELLED, reason, reason.detail)
    assert (found.credits_captured_micro, found.submitted_at, found.carrier) == (0, None, "")
    assert [step.event for step in found.timeline] == ["accepted", "credits_held", "credits_returned", "cancelled"]


def test_nothing_of_a_stopped_organisation_can_be_claimed(funded: int, route: Route) -> None:
    sent = send(funded)
    freeze_wallet(funded)
    assert claim(route) == []
    row = detail(funded, sent)
    assert (row.status, row.due_at > utc_now()) == (MessageStatus.ACCEPTED, True)
    assert money(funded) == (9, 1)
    sweep()
    assert_cancelled(funded, sent, Cancellation.SENDING_STOPPED)
    assert money(funded) == (10, 0)


def test_what_was_claimed_before_goes_its_way(funded: int, route: Route) -> None:
    sent = send(funded)
    (claimed,) = claim(route)
    freeze_wallet(funded)
    sweep()
    settle_news([Handed(claimed, "smpp", decide_hand_over([Accepted("taken")], 1))])
    assert detail(funded, sent).status is MessageStatus.SUBMITTED


def test_what_still_waits_is_cancelled_though_no_carrier_would_take_it(funded: int, route: Route) -> None:
    now, later = send(funded), send(funded)
    Message.objects.filter(id=later.id).update(due_at=utc_now() + timedelta(hours=8))
    freeze_wallet(funded)
    sweep()
    for sent in (now, later):
        assert_cancelled(funded, sent, Cancellation.SENDING_STOPPED)
    assert money(funded) == (10, 0)
    assert claim(route) == []


def test_a_revoked_key_stops_its_own_messages_and_no_others(funded: int, route: Route) -> None:
    stolen, other = api_key(funded), api_key(funded)
    stopped = send(funded, stolen)
    kept = [send(funded, other), send(funded)]
    revoke_api_key(organisation_id=funded, api_key_id=stolen)
    assert [one.id for one in claim(route)] == [sent.id for sent in kept]
    sweep()
    assert_cancelled(funded, stopped, Cancellation.API_KEY_REVOKED)
    assert money(funded) == (8, 2)


def test_a_stopped_organisation_holds_up_nobody_behind_it(
    funded: int, route: Route, world: World, give_credits: Callable[[int, int], None]
) -> None:
    chens = world.chens_organisation.id
    give_credits(chens, 10)
    for _ in range(5):
        send(funded)
    kept = send(chens)
    freeze_wallet(funded)
    assert [one.id for one in claim_messages(token=lease(), limit=2, route=route.name)] == [kept.id]
    sweep()
    assert detail(chens, kept).status is MessageStatus.SUBMITTING


def test_allowing_sending_again_brings_nothing_back(funded: int, route: Route) -> None:
    gone = send(funded)
    freeze_wallet(funded)
    sweep()
    unfreeze_wallet(funded)
    again = send(funded)
    assert [one.id for one in claim(route)] == [again.id]
    assert_cancelled(funded, gone, Cancellation.SENDING_STOPPED)


def test_a_long_queue_is_cancelled_bit_by_bit(funded: int, route: Route) -> None:
    sent = [send(funded) for _ in range(5)]
    freeze_wallet(funded)
    while cancel_waiting(limit=2):
        pass
    for one in sent:
        assert_cancelled(funded, one, Cancellation.SENDING_STOPPED)
    assert money(funded) == (10, 0)


def test_a_wallet_that_cannot_be_written_holds_up_no_other_and_still_sends_nothing(
    funded: int, route: Route, world: World, give_credits: Callable[[int, int], None]
) -> None:
    chens = world.chens_organisation.id
    give_credits(chens, 10)
    stuck, gone = send(funded), send(chens)
    Wallet.objects.filter(organisation_id=funded).update(held=0)
    for organisation_id in (funded, chens):
        freeze_wallet(organisation_id)
    sweep()
    assert_cancelled(chens, gone, Cancellation.SENDING_STOPPED)
    assert claim(route) == []
    assert detail(funded, stuck).status is MessageStatus.ACCEPTED
    Wallet.objects.filter(organisation_id=funded).update(held=CREDIT)
    sweep()
    assert_cancelled(funded, stuck, Cancellation.SENDING_STOPPED)
