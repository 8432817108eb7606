"""Messages for later: paid for when accepted, handed over when their time has come, and not a moment before."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest

from khata.carriers.port import Unavailable
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest
from khata.kernel.transactions import in_transaction, with_pooled_connection
from khata.ledger.models import Wallet
from khata.ledger.operations import freeze_wallet, verify_ledger
from khata.ledger.queries import balance
from khata.messaging import queries
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.life import Cancellation, MessageStatus
from khata.messaging.core.routes import Route
from khata.messaging.core.send_window import IST
from khata.messaging.figures import message_figures
from khata.messaging.hand_over_rows import ClaimedMessage, find_stale
from khata.messaging.models import Message
from khata.messaging.operations import (
    Acceptance,
    Accepted,
    Handed,
    SendRequest,
    SentMessage,
    accept_batch,
    add_opt_outs,
    cancel_message,
    claim_messages,
    quote_message,
    release_scheduled,
    send_batch,
    send_message,
    settle_news,
)
from khata.messaging.scheduled_rows import lock_due
from khata.tenancy.models import Organisation
from khata.tenancy.operations import create_api_key, revoke_api_key
from tests.conftest import World
from tests.leases import lease, put_all_off, release_all, sweep_all
from tests.routes import route_of, routes_in
from tests.templates import register

CREDIT = 1_000_000
TO, OTHER = "+919812345678", "+919812345679"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEADLINE_S = 60


@pytest.fixture(autouse=True)
def _nothing_of_others_due() -> None:
    put_all_off()


@pytest.fixture(autouse=True)
def _sound_ledger() -> Iterator[None]:
    yield
    assert verify_ledger().is_sound


@pytest.fixture
def route() -> Iterator[Route]:
    route = route_of()
    with routes_in(route):
        yield route


@pytest.fixture
def funded(organisation: Organisation, give_credits: Callable[[int, int], None], route: Route) -> int:
    give_credits(organisation.id, 10)
    return organisation.id


def send(organisation_id: int, at: datetime | None, to: str = TO, api_key_id: uuid.UUID | None = None) -> SentMessage:
    request = SendRequest(to, "Hello", scheduled_at=at)
    return send_message(organisation_id=organisation_id, request=request, api_key_id=api_key_id)


def let_time_come(*sent: SentMessage, ago: timedelta = timedelta()) -> None:
    """As if they had been accepted two days before their time, which came that long ago."""
    at = utc_now() - ago
    rows = Message.objects.filter(id__in=[one.id for one in sent])
    rows.update(accepted_at=at - 2 * DAY, scheduled_at=at, due_at=at)


def claim(route: Route) -> list[ClaimedMessage]:
    return claim_messages(token=lease(), limit=100, route=route.name)


def detail(sent: SentMessage) -> queries.MessageDetail:
    row = Message.objects.get(id=sent.id)
    return queries.message(organisation_id=row.organisation_id, message_id=sent.id)


def money(organisation_id: int) -> tuple[int, int]:
    """(available, held) in whole credits."""
    now = balance(organisation_id=organisation_id)
    return now.available // CREDIT, now.held // CREDIT


def assert_cancelled(sent: SentMessage, reason: Cancellation) -> None:
    found = detail(sent)
    assert (found.status, found.error_code, found.error_detail) == (MessageStatus.CANCELLED, reason, reason.detail)
    assert found.credits_captured_micro == 0


def test_it_waits_for_its_time_with_its_credits_held(funded: int, route: Route) -> None:
    at = utc_now() + HOUR
    sent = send(funded, at)
    assert (sent.status, money(funded)) == (MessageStatus.SCHEDULED, (9, 1))
    release_all()
    assert claim(route) == []
    found = detail(sent)
    assert (found.status, found.scheduled_at, found.due_at) == (MessageStatus.SCHEDULED, at, at)
    assert not Message.objects.get(id=sent.id).is_open  # so no claim comes across it
    assert [step.event for step in found.timeline] == ["accepted", "credits_held", "scheduled"]
    assert found.timeline[-1].detail == f"for {at:%-d %B %Y, %H:%M} UTC"


def test_when_its_time_has_come_it_goes_like_any_other(funded: int, route: Route) -> None:
    sent = send(funded, utc_now() + HOUR)
    let_time_come(sent)
    assert claim(route) == []  # it is the release that lets it go
    release_all()
    assert (detail(sent).status, detail(sent).waits_for) == (MessageStatus.ACCEPTED, None)
    assert [message.id for message in claim(route)] == [sent.id]


@pytest.mark.parametrize("ago", [timedelta(seconds=1), 400 * DAY])
def test_what_has_passed_already_goes_at_once(funded: int, route: Route, ago: timedelta) -> None:
    sent = send(funded, utc_now() - ago)
    assert (sent.status, detail(sent).scheduled_at) == (MessageStatus.ACCEPTED, None)
    assert [message.id for message in claim(route)] == [sent.id]


def test_more_than_thirty_days_ahead_is_refused_with_all_else_that_is_wrong(funded: int) -> None:
    too_far = utc_now() + 30 * DAY + timedelta(seconds=1)
    for request, fields in (
        (SendRequest(TO, "Hello", scheduled_at=too_far), ["scheduled_at"]),
        (SendRequest("12", "Hello", scheduled_at=too_far), ["to", "scheduled_at"]),
    ):
        for refusing in (partial(send_message, organisation_id=funded), partial(quote_message, organisation_id=funded)):
            with pytest.raises(InvalidRequest) as refused:
                refusing(request=request)
            assert [problem["field"] for problem in refused.value.errors] == fields
    assert money(funded) == (10, 0)


def test_a_quote_takes_it_and_costs_the_same(funded: int) -> None:
    now, later = (SendRequest(TO, "Hello", scheduled_at=at) for at in (None, utc_now() + DAY))
    assert quote_message(later, organisation_id=funded) == quote_message(now, organisation_id=funded)


def test_a_batch_takes_a_time_for_each(funded: int, route: Route) -> None:
    times = [utc_now() + HOUR, None, utc_now() + 2 * HOUR]
    batch = send_batch(
        organisation_id=funded,
        requests=[SendRequest(TO, "Hello", scheduled_at=at) for at in times],
        is_all_or_nothing=True,
    )
    found = [queries.message(organisation_id=funded, message_id=uuid.UUID(str(id_))) for id_ in batch.results]
    assert [message.scheduled_at for message in found] == times
    assert [message.id for message in claim(route)] == [batch.results[1]]


def test_a_promotional_message_scheduled_for_the_night_goes_in_the_morning_and_a_code_at_once(funded: int) -> None:
    register(funded)
    night = (utc_now().astimezone(IST) + DAY).replace(hour=22, minute=0, second=0, microsecond=0)
    sale, code = (
        detail(send_message(organisation_id=funded, request=SendRequest(TO, text, scheduled_at=night)))
        for text in ("Sale at ACME today", "481516 is your code for ACME")
    )
    assert (sale.scheduled_at, sale.due_at, sale.waits_for) == (night, night + 12 * HOUR, sale.due_at)
    assert [step.detail for step in sale.timeline if step.event == "waiting"] == ["for 10:00 IST"]
    assert (code.due_at, code.waits_for) == (night, None)


def test_those_due_longest_are_released_first_and_a_round_takes_no_more_than_it_is_told(funded: int) -> None:
    late, early = send(funded, utc_now() + HOUR), send(funded, utc_now() + HOUR)
    let_time_come(late)
    let_time_come(early, ago=HOUR)
    assert release_scheduled(limit=1) == 1
    assert (detail(early).status, detail(late).status) == (MessageStatus.ACCEPTED, MessageStatus.SCHEDULED)
    assert [release_scheduled(limit=2), release_scheduled(limit=2)] == [1, 0]


def test_two_that_release_at_once_release_each_message_once(funded: int) -> None:
    sent = [send(funded, utc_now() + HOUR) for _ in range(3)]
    let_time_come(*sent)
    with ThreadPoolExecutor(1) as other, in_transaction() as connection:
        assert {one.row.id for one in lock_due(connection, limit=100)} == {one.id for one in sent}
        releasing = other.submit(with_pooled_connection, partial(release_scheduled, limit=100))
        assert releasing.result(DEADLINE_S) == 0
    assert release_scheduled(limit=100) == 3


def test_its_validity_begins_with_its_time(funded: int, route: Route) -> None:
    fresh, stale = send(funded, utc_now() + HOUR), send(funded, utc_now() + HOUR)
    let_time_come(fresh)
    let_time_come(stale, ago=DAY + timedelta(seconds=1))
    release_all()
    with in_transaction() as connection:
        # One look at each route must not end with the older message, which is the younger one to go.
        assert (funded, stale.id) in find_stale(connection, valid_before=utc_now() - DAY, limit=1)
    sweep_all(lease())
    assert (detail(fresh).status, detail(stale).status) == (MessageStatus.ACCEPTED, MessageStatus.FAILED)
    (claimed,) = claim(route)
    settle_news([Handed(claimed, "smpp", decide_hand_over([Unavailable("away")], 1))])
    assert detail(fresh).status is MessageStatus.ACCEPTED
    assert money(funded) == (9, 1)


def test_who_opted_out_meanwhile_is_not_written_to(funded: int, route: Route) -> None:
    unwelcome, welcome = send(funded, utc_now() + HOUR), send(funded, utc_now() + HOUR, OTHER)
    add_opt_outs(organisation_id=funded, recipients=[TO])
    let_time_come(unwelcome, welcome)
    release_all()
    assert_cancelled(unwelcome, Cancellation.RECIPIENT_OPTED_OUT)
    assert money(funded) == (9, 1)
    assert [message.id for message in claim(route)] == [welcome.id]


def test_a_wallet_that_cannot_be_written_sends_nothing_unwelcome_and_holds_up_no_other(
    funded: int, route: Route, world: World, give_credits: Callable[[int, int], None]
) -> None:
    chens = world.chens_organisation.id
    give_credits(chens, 10)
    stuck, gone, behind = send(funded, utc_now() + HOUR), send(chens, utc_now() + HOUR), send(chens, utc_now() + HOUR)
    for organisation_id in (funded, chens):
        add_opt_outs(organisation_id=organisation_id, recipients=[TO])
    Message.objects.filter(id=behind.id).update(recipient=OTHER)
    let_time_come(stuck, gone, ago=HOUR)
    let_time_come(behind)
    Wallet.objects.filter(organisation_id=funded).update(held=0)
    assert [release_scheduled(limit=2), release_scheduled(limit=2)] == [2, 1]
    assert_cancelled(gone, Cancellation.RECIPIENT_OPTED_OUT)
    assert [message.id for message in claim(route)] == [behind.id]
    assert detail(stuck).status is MessageStatus.SCHEDULED
    Wallet.objects.filter(organisation_id=funded).update(held=CREDIT)
    let_time_come(stuck)
    release_all()
    assert_cancelled(stuck, Cancellation.RECIPIENT_OPTED_OUT)


def test_an_organisation_stopped_or_a_key_revoked_meanwhile_sends_nothing(
    funded: int, route: Route, world: World, give_credits: Callable[[int, int], None]
) -> None:
    chens = world.chens_organisation.id
    give_credits(chens, 10)
    key, _ = create_api_key(organisation_id=funded, name="Shop", created_by=None, mode="test")[:2]
    revoked, stopped = send(funded, utc_now() + HOUR, api_key_id=key), send(chens, utc_now() + HOUR)
    revoke_api_key(organisation_id=funded, api_key_id=key)
    freeze_wallet(chens)
    let_time_come(revoked, stopped)
    release_all()
    assert claim(route) == []
    sweep_all(lease())
    assert_cancelled(revoked, Cancellation.API_KEY_REVOKED)
    assert_cancelled(stopped, Cancellation.SENDING_STOPPED)
    assert (money(funded), money(chens)) == ((10, 0), (10, 0))


def test_a_repeat_finds_its_answer_also_after_its_time(funded: int) -> None:
    asked = Acceptance(SendRequest(TO, "Hello", scheduled_at=utc_now() + HOUR), funded, idempotency_key="order-1")
    (first,) = accept_batch([asked])
    assert isinstance(first, Accepted)
    let_time_come(first.sent)
    release_all()
    (repeat,) = accept_batch([asked])
    assert repeat == Accepted(first.sent, is_replayed=True)
    assert first.sent.status is MessageStatus.SCHEDULED
    assert money(funded) == (9, 1)


def test_figures_count_it_only_once_it_is_overdue(funded: int) -> None:
    before = message_figures()
    sent = send(funded, utc_now() + HOUR)
    assert message_figures() == before
    let_time_come(sent, ago=DAY)
    overdue = message_figures()
    assert (overdue.due_count, overdue.accepted_count) == (before.due_count + 1, before.accepted_count)
    assert overdue.due_since == detail(sent).due_at
    release_all()
    assert message_figures().accepted_count == before.accepted_count + 1


def test_the_days_sent_messages_are_those_that_did_not_wait_and_were_not_cancelled(funded: int) -> None:
    later = utc_now() + timedelta(hours=1)
    cancelled, _, _ = send(funded, later), send(funded, later), send(funded, None)
    cancel_message(organisation_id=funded, message_id=cancelled.id)
    counts = queries.counts_since(organisation_id=funded, since=utc_now() - timedelta(minutes=1))
    assert counts == queries.MessageCounts(sent=1, delivered=0, failed=0)
