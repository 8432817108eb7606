"""A message from a phone is stored once, told to whom it is for, and obeyed where it says STOP or START."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from khata.carriers.port import InboundMessage
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound
from khata.kernel.transactions import with_pooled_connection
from khata.messaging import models
from khata.messaging.errors import InboundNumberTaken
from khata.messaging.inbound_queries import InboundRow, inbound_message, inbound_messages, unmatched_messages
from khata.messaging.operations import RecipientOptedOut, SendRequest, send_message, settle_news
from khata.messaging.operations.inbound_numbers import register_inbound_number, release_inbound_number
from khata.messaging.opt_out_queries import opt_outs
from khata.tenancy.models import Organisation
from khata.webhooks.models import RecordedEvent
from khata.webhooks.operations import create_endpoint
from tests.conftest import World

GiveCredits = Callable[[int, int], None]
PHONE, OTHER_PHONE = "+919812345678", "+919812345679"


@pytest.fixture
def funded(organisation: Organisation, give_credits: GiveCredits) -> int:
    give_credits(organisation.id, 100)
    return organisation.id


@pytest.fixture
def number(organisation: Organisation) -> Iterator[str]:
    """One of ours that is Asha's organisation's."""
    digits = new_number()
    register_inbound_number(number=digits, organisation_id=organisation.id)
    yield digits
    release_inbound_number(number=digits)


def new_number() -> str:
    """Nobody else's in these tests."""
    return str(uuid.uuid4().int)[:15]


def came(recipient: str, text: str = "Hello", sender: str = PHONE, ref: str | None = None) -> InboundMessage:
    return InboundMessage("carrier", uuid.uuid4().hex if ref is None else ref, sender, recipient, text, utc_now())


def kept(organisation_id: int) -> list[InboundRow]:
    return inbound_messages(organisation_id=organisation_id).rows


def opted_out(organisation_id: int) -> list[str]:
    return [row.recipient for row in opt_outs(organisation_id=organisation_id).rows]


def send(organisation_id: int, sender: str, to: str = PHONE) -> None:
    send_message(organisation_id=organisation_id, request=SendRequest(to, "Hello", sender))


def test_a_message_to_a_registered_number_is_its_organisations(funded: int, number: str) -> None:
    settle_news([came(f"+{number}", "Where is my parcel?")])
    (row,) = kept(funded)
    assert (row.sender, row.recipient, row.body, row.keyword) == (PHONE, f"+{number}", "Where is my parcel?", "")
    assert inbound_message(organisation_id=funded, inbound_id=row.id) == row


def test_without_a_registration_whoever_wrote_last_from_that_number_gets_the_answer(
    world: World, funded: int, give_credits: GiveCredits
) -> None:
    chens, shared = world.chens_organisation.id, new_number()
    give_credits(chens, 10)
    send(chens, shared)
    send(funded, f"+{shared}")
    send(chens, shared, to=OTHER_PHONE)
    send(chens, "KHATA")
    settle_news([came(shared, "for Asha"), came(shared, "for Chen", OTHER_PHONE)])
    assert [row.body for row in kept(funded)] == ["for Asha"]
    assert [row.body for row in kept(chens)] == ["for Chen"]


def test_a_registered_owner_goes_before_whoever_wrote_last(
    world: World, funded: int, number: str, give_credits: GiveCredits
) -> None:
    chens = world.chens_organisation.id
    give_credits(chens, 10)
    send(chens, number)
    settle_news([came(number)])
    assert (len(kept(funded)), len(kept(chens))) == (1, 0)


def test_what_is_nobodys_is_kept_for_the_operator_and_changes_nothing(funded: int) -> None:
    nobodys = new_number()
    send(funded, nobodys)
    settle_news([came(nobodys, "STOP", "+919812399999"), came("", "STOP", ""), came("KHATA", "STOP")])
    assert [row.recipient for row in unmatched_messages(limit=3).rows] == ["KHATA", "", nobodys]
    assert (kept(funded), opted_out(funded)) == ([], [])


def test_a_message_told_again_has_one_effect(funded: int, number: str) -> None:
    create_endpoint(organisation_id=funded, url="https://example.com/hook", event_types=["message.received"])
    stop, start = came(number, "STOP"), came(number, "START")
    settle_news([stop, stop])
    settle_news([start])
    settle_news([stop])
    assert [row.keyword for row in kept(funded)] == ["start", "stop"]
    assert opted_out(funded) == []
    assert RecordedEvent.objects.filter(organisation_id=funded).count() == 2


def test_told_by_many_processes_at_once_it_has_one_effect(funded: int, number: str) -> None:
    stop = came(number, "STOP")
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: with_pooled_connection(lambda: settle_news([stop])), range(12)))
    assert (len(kept(funded)), opted_out(funded)) == (1, [PHONE])


def test_equal_messages_of_a_carrier_without_ids_are_two(funded: int, number: str) -> None:
    settle_news([came(number, "Yes", ref=""), came(number, "Yes", ref="")])
    assert len(kept(funded)) == 2


def test_stop_and_start_decide_whether_the_phone_is_written_to(funded: int, number: str) -> None:
    settle_news([came(number, " Stop. ")])
    with pytest.raises(RecipientOptedOut):
        send(funded, number)
    send(funded, number, to=OTHER_PHONE)
    settle_news([came(number, "HELP")])
    assert opted_out(funded) == [PHONE]
    settle_news([came(number, "start")])
    send(funded, number)


@pytest.mark.parametrize(("words", "is_out"), [(("STOP", "START"), False), (("START", "stop"), True)])
def test_of_several_words_that_came_together_the_last_counts(
    funded: int, number: str, words: tuple[str, ...], is_out: bool
) -> None:
    settle_news([came(number, word) for word in words])
    assert (opted_out(funded) == [PHONE]) is is_out


def test_a_stop_counts_for_the_organisation_it_was_sent_to_alone(world: World, funded: int, number: str) -> None:
    settle_news([came(number, "STOP")])
    assert (opted_out(funded), opted_out(world.chens_organisation.id)) == ([PHONE], [])


def test_a_phone_in_no_readable_form_is_kept_and_opts_nothing_out(funded: int, number: str) -> None:
    settle_news([came(number, "STOP", sender) for sender in ("ACME", "123", "", "sip:x@example.com")])
    assert len(kept(funded)) == 4
    assert opted_out(funded) == []


def test_a_customers_program_is_told(funded: int, number: str) -> None:
    create_endpoint(organisation_id=funded, url="https://example.com/hook", event_types=["message.received"])
    settle_news([came(number, "बंद करो")])
    (row,) = kept(funded)
    (event,) = RecordedEvent.objects.filter(organisation_id=funded)
    told = json.loads(event.body)
    assert told["type"] == "message.received"
    assert told["data"] == {
        "id": row.public_id,
        "from": PHONE,
        "to": number,
        "body": "बंद करो",
        "keyword": "stop",
        "received_at": told["timestamp"],
    }


def test_what_the_database_cannot_keep_stops_nothing_behind_it(funded: int, number: str) -> None:
    settle_news([came(number, 'a\x00b \ud83d "quoted", {brace} \\'), came(number, "x" * 20_000), came(number, "next")])
    assert [row.body for row in kept(funded)] == ["next", "x" * 20_000, 'a\ufffdb ? "quoted", {brace} \\']


def test_messages_are_listed_newest_first_page_by_page_and_of_one_phone(funded: int, number: str) -> None:
    for text in ("one", "two", "three"):
        settle_news([came(number, text, OTHER_PHONE if text == "two" else PHONE)])
    first = inbound_messages(organisation_id=funded, limit=2)
    assert first.next_cursor is not None
    rest = inbound_messages(organisation_id=funded, limit=2, before_id=uuid.UUID(first.next_cursor))
    assert [row.body for row in (*first.rows, *rest.rows)] == ["three", "two", "one"]
    assert [row.body for row in inbound_messages(organisation_id=funded, sender=OTHER_PHONE).rows] == ["two"]


def test_another_organisations_message_is_not_there(world: World, funded: int, number: str) -> None:
    settle_news([came(number)])
    (row,) = kept(funded)
    with pytest.raises(NotFound):
        inbound_message(organisation_id=world.chens_organisation.id, inbound_id=row.id)


def test_a_number_has_one_owner_until_it_is_released(world: World, organisation: Organisation) -> None:
    number, chens = new_number(), world.chens_organisation.id
    assert register_inbound_number(number=f"+{number}", organisation_id=organisation.id)
    assert not register_inbound_number(number=number, organisation_id=organisation.id)
    with pytest.raises(InboundNumberTaken, match=organisation.public_id):
        register_inbound_number(number=number, organisation_id=chens)
    release_inbound_number(number=number)
    with pytest.raises(NotFound):
        release_inbound_number(number=number)
    assert not models.InboundNumber.objects.filter(number=number).exists()


@pytest.mark.parametrize("number", ["", "12", "KHATA", "+91 98123", "1" * 16, "५६७६७"])
def test_what_is_no_number_can_be_nobodys(organisation: Organisation, number: str) -> None:
    with pytest.raises(InvalidRequest):
        register_inbound_number(number=number, organisation_id=organisation.id)


def test_nobody_unknown_gets_a_number() -> None:
    with pytest.raises(NotFound):
        register_inbound_number(number="56767", organisation_id=1)
