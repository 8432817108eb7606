"""A message goes by the policy it was accepted under: what is used, what returns, what is resent, when it ends."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from khata.carriers.port import Accepted, Answer, Receipt, ReceiptState, Refused, Unknown
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.ledger.operations import verify_ledger
from khata.ledger.queries import balance
from khata.messaging import queries
from khata.messaging.core.hand_over import decide_hand_over, decide_unready
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.routes import ChargeOn, Policy, Route
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import AwaitedPart, Message, RouteVersion
from khata.messaging.operations import (
    Handed,
    NoRoute,
    SendRequest,
    SentMessage,
    claim_messages,
    configure_routes,
    look_at_silent,
    quote_message,
    routes_in_force,
    send_message,
    settle_news,
)
from khata.tenancy.models import Organisation
from tests.leases import LONG_AGO, claim_all, lease, let_run_out, old_lease, sweep_all
from tests.routes import route_of, routes_in

CREDIT = 1_000_000
LONG = "x" * 400  # three segments
ON_DELIVERED = Policy(ChargeOn.DELIVERED, receipt_wait_h=4)
SCRUBBED = Policy(ChargeOn.DELIVERED, receipt_wait_h=4, kept_per_segment=CREDIT // 10)
RESENT = Policy(is_safe_to_resend=True)


@pytest.fixture
def funded(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 10)
    return organisation.id


@pytest.fixture(autouse=True)
def _sound_ledger() -> Iterator[None]:
    yield
    assert verify_ledger().is_sound


def send(organisation_id: int, body: str = "Hello", sender: str | None = None) -> SentMessage:
    return send_message(organisation_id=organisation_id, request=SendRequest("+919812345678", body, sender))


def send_by(policy: Policy, organisation_id: int, body: str = "Hello") -> tuple[SentMessage, ClaimedMessage]:
    route = route_of(policy=policy)
    with routes_in(route):
        sent = send(organisation_id, body)
    (claimed,) = claim_messages(token=lease(), limit=10, route=route.name)
    return sent, claimed


def hand_over(message: ClaimedMessage, *answers: Answer, can_query: bool = False) -> None:
    hand_over = decide_hand_over(answers, message.segments)
    settle_news([Handed(message, "smpp", hand_over, can_query=can_query)])


def receipt(ref: str, state: ReceiptState, carrier: str = "smpp") -> None:
    settle_news([Receipt(carrier, ref, state, "001", f"id:{ref} stat:{state}", utc_now())])


def status(sent: SentMessage) -> MessageStatus:
    return MessageStatus(Message.objects.get(id=sent.id).status)


def money(organisation_id: int) -> tuple[int, int]:
    """(available, held) in tenths of a credit."""
    now = balance(organisation_id=organisation_id)
    return now.available * 10 // CREDIT, now.held * 10 // CREDIT


def pass_time(sent: SentMessage, span: timedelta) -> None:
    """Lets a submission be that much older."""
    for part in AwaitedPart.objects.filter(message_id=sent.id):
        AwaitedPart.objects.filter(message_id=sent.id, part=part.part).update(
            submitted_at=part.submitted_at - span, due_at=part.due_at - span
        )


def test_a_message_no_route_takes_is_refused_and_costs_nothing(funded: int) -> None:
    with routes_in(route_of(prefixes=("1",)), route_of(prefixes=("91",), senders=("ACME",))):
        with pytest.raises(NoRoute):
            send(funded)
        with pytest.raises(NoRoute):
            quote_message(SendRequest("+919812345678", "Hello"))
        assert money(funded) == (100, 0)
        assert send(funded, sender="ACME").credits_micro == CREDIT


def test_each_route_claims_its_own_messages(funded: int) -> None:
    acme, rest = route_of("acme", senders=("ACME",)), route_of("rest")
    with routes_in(acme, rest):
        ours, others = send(funded, sender="ACME"), send(funded)
    token = lease()
    assert [one.id for one in claim_messages(token=token, limit=10, route=acme.name)] == [ours.id]
    assert [one.id for one in claim_messages(token=token, limit=10, route=rest.name)] == [others.id]


def test_a_policy_that_changes_does_not_change_what_was_accepted_before(funded: int) -> None:
    route = route_of(policy=ON_DELIVERED)
    with routes_in(route):
        before = send(funded)
    with routes_in(Route(route.name, route.carriers)):
        after = send(funded)
    claimed = claim_messages(token=lease(), limit=10, route=route.name)
    assert [one.id for one in claimed] == [before.id, after.id]
    for message in claimed:
        hand_over(message, Accepted(uuid.uuid4().hex))
    assert money(funded) == (80, 10)  # the second is used, the first waits for its receipt
    with routes_in(route):
        assert routes_in_force().routes[0].version == claimed[0].route_id
    assert RouteVersion.objects.filter(name=route.name).count() == 2


def test_a_version_written_in_a_transaction_that_is_undone_does_not_exist(funded: int) -> None:
    route = route_of()
    with routes_in(route):
        with pytest.raises(ZeroDivisionError), in_transaction():
            routes_in_force()
            raise ZeroDivisionError
        sent = send(funded)
    assert RouteVersion.objects.get(name=route.name).id == Message.objects.get(id=sent.id).route_id


def test_reading_the_routes_again_writes_nothing(funded: int) -> None:
    """Numbers are small: a version that exists must not use one up."""
    route = route_of()
    with routes_in(route):
        first = routes_in_force().routes[0].version
        for _ in range(3):
            configure_routes([route])
            assert routes_in_force().routes[0].version == first
        other = route_of()
        configure_routes([route, other])
        assert routes_in_force().routes[1].version == first + 1


@pytest.mark.parametrize(
    ("policy", "state", "left", "final"),
    [
        (ON_DELIVERED, ReceiptState.DELIVERED, 70, MessageStatus.DELIVERED),
        (ON_DELIVERED, ReceiptState.UNDELIVERED, 100, MessageStatus.UNDELIVERED),
        (ON_DELIVERED, ReceiptState.EXPIRED, 100, MessageStatus.EXPIRED),
        (SCRUBBED, ReceiptState.UNDELIVERED, 97, MessageStatus.UNDELIVERED),
        (Policy(), ReceiptState.UNDELIVERED, 70, MessageStatus.UNDELIVERED),
    ],
)
def test_the_receipt_settles_what_the_policy_left_held(
    funded: int, policy: Policy, state: ReceiptState, left: int, final: MessageStatus
) -> None:
    sent, claimed = send_by(policy, funded, LONG)
    refs = [uuid.uuid4().hex for _ in range(3)]
    hand_over(claimed, *map(Accepted, refs))
    assert money(funded) == ((70, 0) if policy == Policy() else (70, 30))
    for ref in refs:
        receipt(ref, state)
    assert (status(sent), money(funded)) == (final, (left, 0))


def test_a_refusal_after_a_part_was_taken_costs_what_is_kept_of_that_part(funded: int) -> None:
    sent, claimed = send_by(SCRUBBED, funded, LONG)
    hand_over(claimed, Accepted(uuid.uuid4().hex), Refused("0x0B", "no"))
    assert (status(sent), money(funded)) == (MessageStatus.FAILED, (99, 0))


def test_a_receipt_of_another_carrier_or_a_later_one_returns_nothing(funded: int) -> None:
    sent, claimed = send_by(ON_DELIVERED, funded)
    ref = uuid.uuid4().hex
    hand_over(claimed, Accepted(ref))
    receipt(ref, ReceiptState.UNDELIVERED, carrier="stranger")
    assert (status(sent), money(funded)) == (MessageStatus.SUBMITTED, (90, 10))
    receipt(ref, ReceiptState.DELIVERED)
    receipt(ref, ReceiptState.UNDELIVERED)
    assert (status(sent), money(funded)) == (MessageStatus.DELIVERED, (90, 0))


def test_a_message_in_doubt_that_is_reported_undelivered_returns_what_its_policy_says(funded: int) -> None:
    sent, claimed = send_by(SCRUBBED, funded, LONG)
    refs = [uuid.uuid4().hex for _ in range(2)]
    hand_over(claimed, *map(Accepted, refs), Unknown("silence"))
    assert (status(sent), money(funded)) == (MessageStatus.UNKNOWN, (70, 30))
    Message.objects.filter(id=sent.id).update(submitted_at=LONG_AGO)
    sweep_all(lease())
    assert (status(sent), money(funded)) == (MessageStatus.EXPIRED, (98, 0))
    assert not AwaitedPart.objects.filter(message_id=sent.id).exists()


@pytest.mark.parametrize(
    ("policy", "wait_h", "left"), [(ON_DELIVERED, 4, 100), (SCRUBBED, 4, 99), (Policy(), 72, 90)], ids=str
)
def test_a_message_nobody_reports_on_ends_in_time_and_returns_what_its_policy_says(
    funded: int, policy: Policy, wait_h: int, left: int
) -> None:
    sent, claimed = send_by(policy, funded)
    hand_over(claimed, Accepted(uuid.uuid4().hex))
    pass_time(sent, timedelta(hours=wait_h, minutes=-1))
    look_at_silent(askable=[], ask_max=10)
    assert status(sent) is MessageStatus.SUBMITTED
    pass_time(sent, timedelta(minutes=1))
    look_at_silent(askable=[], ask_max=10)
    assert (status(sent), money(funded)) == (MessageStatus.EXPIRED, (left, 0))
    found = queries.message(organisation_id=funded, message_id=sent.id)
    assert (found.error_code, found.finished_at is not None) == ("no_receipt", True)
    assert not AwaitedPart.objects.filter(message_id=sent.id).exists()


def test_a_carrier_that_can_be_asked_is_asked_ever_less_often(funded: int) -> None:
    sent, claimed = send_by(ON_DELIVERED, funded)
    ref = uuid.uuid4().hex
    hand_over(claimed, Accepted(ref), can_query=True)
    assert ref not in asked()
    pass_time(sent, timedelta(minutes=15))
    assert ref in asked()
    assert ref not in asked()  # not before its age has doubled
    pass_time(sent, timedelta(minutes=14))
    assert ref not in asked()
    pass_time(sent, timedelta(minutes=2))
    assert ref in asked()
    receipt(ref, ReceiptState.DELIVERED)
    assert (status(sent), money(funded)) == (MessageStatus.DELIVERED, (90, 0))


def asked() -> list[str]:
    return [question.carrier_ref for question in look_at_silent(askable=["smpp"], ask_max=1_000)]


def test_no_more_is_asked_at_once_than_a_round_allows(funded: int) -> None:
    sent, claimed = send_by(ON_DELIVERED, funded, LONG)
    refs = [uuid.uuid4().hex for _ in range(3)]
    hand_over(claimed, *map(Accepted, refs), can_query=True)
    pass_time(sent, timedelta(minutes=15))
    assert len(look_at_silent(askable=["smpp"], ask_max=2)) == 2
    assert not {*refs} & {*asked()}  # the third is asked at its next look


def test_a_part_that_is_reported_on_is_not_asked_about(funded: int) -> None:
    sent, claimed = send_by(ON_DELIVERED, funded, LONG)
    refs = [uuid.uuid4().hex for _ in range(3)]
    hand_over(claimed, *map(Accepted, refs), can_query=True)
    receipt(refs[0], ReceiptState.DELIVERED)
    pass_time(sent, timedelta(minutes=15))
    assert {*refs} & {*asked()} == {*refs[1:]}


def test_a_lost_answer_is_resent_once_where_the_route_is_safe_to_resend(funded: int) -> None:
    sent, claimed = send_by(RESENT, funded)
    hand_over(claimed, Unknown("silence"))
    found = queries.message(organisation_id=funded, message_id=sent.id)
    assert (found.status, found.is_possible_duplicate) == (MessageStatus.ACCEPTED, True)
    assert money(funded) == (90, 10)
    Message.objects.filter(id=sent.id).update(due_at=utc_now())
    (again,) = [one for one in claim_all() if one.id == sent.id]
    hand_over(again, Unknown("silence"))
    assert (status(sent), money(funded)) == (MessageStatus.UNKNOWN, (90, 10))


@pytest.mark.parametrize(
    ("policy", "expected"), [(RESENT, MessageStatus.ACCEPTED), (Policy(), MessageStatus.UNKNOWN)], ids=str
)
def test_an_interrupted_hand_over_is_resent_only_where_that_is_safe(
    funded: int, policy: Policy, expected: MessageStatus
) -> None:
    sent, claimed = send_by(policy, funded)
    let_run_out(claimed.lease_token)
    sweep_all(old_lease())
    assert status(sent) is expected
    assert Message.objects.get(id=sent.id).is_possible_duplicate == (policy is RESENT)
    settle_news([Handed(claimed, "smpp", decide_hand_over([Accepted("late")], 1))])
    assert status(sent) is expected
    assert money(funded) == (90, 10)


def test_a_message_whose_carriers_stay_away_fails_for_free_when_it_is_too_old(funded: int) -> None:
    """Its route may even be gone: then nobody claims it."""
    with routes_in(route_of()):
        old, young = send(funded), send(funded)
    Message.objects.filter(id=old.id).update(accepted_at=utc_now() - timedelta(hours=24, seconds=1))
    sweep_all(lease())
    assert (status(old), status(young)) == (MessageStatus.FAILED, MessageStatus.ACCEPTED)
    assert money(funded) == (90, 10)


def test_a_message_that_cannot_be_made_ready_fails_for_free_and_the_others_flow(funded: int) -> None:
    sent, claimed = send_by(Policy(), funded)
    for attempts in (1, 2, 3, 4):
        settle_news([Handed(claimed, "smpp", decide_unready(attempts))])
        assert status(sent) is MessageStatus.ACCEPTED
        Message.objects.filter(id=sent.id).update(due_at=utc_now())
        (claimed,) = [one for one in claim_all() if one.id == sent.id]
    assert claimed.attempts == 5
    settle_news([Handed(claimed, "smpp", decide_unready(claimed.attempts))])
    assert (status(sent), money(funded)) == (MessageStatus.FAILED, (100, 0))
