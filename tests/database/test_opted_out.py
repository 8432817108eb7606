"""Nothing is sent to who opted out: refused alone, at no cost, and whichever comes first, never by half."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import override_settings

from khata.kernel.errors import InvalidRequest, NotFound
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import verify_ledger
from khata.ledger.queries import balance
from khata.messaging.models import Message
from khata.messaging.operations import (
    Acceptance,
    Accepted,
    CountryNotAllowed,
    DestinationThrottled,
    RateLimited,
    RecipientOptedOut,
    SendRequest,
    TemplateNotMatched,
    accept_batch,
    add_opt_outs,
    change_registration,
    quote_message,
    remove_opt_out,
    send_batch,
    send_message,
)
from khata.messaging.opt_out_queries import opt_out, opt_outs
from khata.tenancy.models import Organisation
from khata.tenancy.operations import allow_countries, change_sending_limits
from tests.conftest import World

GiveCredits = Callable[[int, int], None]
TO, OTHER, NEPAL = "+919812345678", "+919812345679", "+9779841234567"


@pytest.fixture
def funded(organisation: Organisation, give_credits: GiveCredits) -> int:
    give_credits(organisation.id, 100)
    return organisation.id


def ends(organisation_id: int, *recipients: str) -> list[str]:
    asked = [Acceptance(SendRequest(to, "Hello"), organisation_id) for to in recipients]
    return [type(answer).__name__ for answer in accept_batch(asked)]


def numbers(organisation_id: int, prefix: str = "") -> list[str]:
    return [row.recipient for row in opt_outs(organisation_id=organisation_id, prefix=prefix).rows]


def test_who_opted_out_is_refused_alone_and_at_no_cost(funded: int) -> None:
    assert add_opt_outs(organisation_id=funded, recipients=["098123 45678"], reason=" asked by phone ") == 1
    before = balance(organisation_id=funded)
    with pytest.raises(RecipientOptedOut):
        send_message(organisation_id=funded, request=SendRequest(TO, "Hello"))
    assert balance(organisation_id=funded) == before
    assert ends(funded, OTHER, TO, OTHER) == ["Accepted", "RecipientOptedOut", "Accepted"]
    (row,) = opt_outs(organisation_id=funded).rows
    assert (row.recipient, row.reason) == (TO, "asked by phone")


def test_a_number_may_be_written_to_again_once_it_is_removed(funded: int) -> None:
    add_opt_outs(organisation_id=funded, recipients=[TO])
    remove_opt_out(organisation_id=funded, recipient=TO)
    assert ends(funded, TO) == ["Accepted"]
    assert numbers(funded) == []
    for gone in (TO, "no number"):
        with pytest.raises(NotFound):
            remove_opt_out(organisation_id=funded, recipient=gone)


def test_adding_twice_adds_once_and_keeps_the_first_reason(funded: int) -> None:
    assert add_opt_outs(organisation_id=funded, recipients=[TO, OTHER, TO], reason="first") == 2
    assert add_opt_outs(organisation_id=funded, recipients=[OTHER, "+919812345670"], reason="second") == 1
    assert {row.recipient: row.reason for row in opt_outs(organisation_id=funded).rows}[OTHER] == "first"


@pytest.mark.parametrize(
    ("recipients", "reason", "fields"),
    [
        ([TO, "abc", "12"], "", ["recipients[1]", "recipients[2]"]), ([], "", ["recipients"]),
        ([TO] * 10_001, "", ["recipients"]), ([TO], "x" * 201, ["reason"]), ([TO], "a\x00b", ["reason"]),
    ],
)  # fmt: skip
def test_a_list_with_anything_wrong_in_it_adds_nothing(
    funded: int, recipients: list[str], reason: str, fields: list[str]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        add_opt_outs(organisation_id=funded, recipients=recipients, reason=reason)
    assert [problem["field"] for problem in refused.value.errors] == fields
    assert numbers(funded) == []


def test_one_organisations_opt_outs_are_no_other_ones(world: World, funded: int, give_credits: GiveCredits) -> None:
    chens = world.chens_organisation.id
    give_credits(chens, 10)
    add_opt_outs(organisation_id=funded, recipients=[TO])
    add_opt_outs(organisation_id=chens, recipients=[OTHER])
    asked = [Acceptance(SendRequest(to, "Hello"), who) for who in (funded, chens) for to in (TO, OTHER)]
    ended = [type(answer) for answer in accept_batch(asked)]
    assert ended == [RecipientOptedOut, Accepted, Accepted, RecipientOptedOut]
    (row,) = opt_outs(organisation_id=chens).rows
    with pytest.raises(NotFound):
        opt_out(organisation_id=funded, opt_out_id=row.id)
    assert opt_out(organisation_id=chens, opt_out_id=row.id) == row


def test_they_are_listed_newest_first_page_by_page_and_by_how_a_number_begins(funded: int) -> None:
    allow_countries(organisation_id=funded, regions=["NP"])
    for number in (TO, NEPAL, OTHER):
        add_opt_outs(organisation_id=funded, recipients=[number])
    assert numbers(funded) == [OTHER, NEPAL, TO]
    assert (numbers(funded, "+91"), numbers(funded, "+977"), numbers(funded, "+1")) == ([OTHER, TO], [NEPAL], [])
    first = opt_outs(organisation_id=funded, limit=2)
    assert first.next_cursor is not None
    rest = opt_outs(organisation_id=funded, limit=2, before_id=uuid.UUID(first.next_cursor))
    assert ([row.recipient for row in rest.rows], rest.next_cursor) == ([TO], None)


def test_a_repeat_of_an_accepted_message_answers_the_same_after_its_phone_opted_out(funded: int) -> None:
    asked = Acceptance(SendRequest(TO, "Hello"), funded, idempotency_key=uuid.uuid4().hex)
    (first,) = accept_batch([asked])
    add_opt_outs(organisation_id=funded, recipients=[TO])
    (repeat,) = accept_batch([asked])
    assert isinstance(first, Accepted)
    assert repeat == Accepted(first.sent, is_replayed=True)


def test_a_quote_says_it_before_anything_is_sent(funded: int) -> None:
    add_opt_outs(organisation_id=funded, recipients=[TO])
    with pytest.raises(RecipientOptedOut):
        quote_message(SendRequest(TO, "Hello"), organisation_id=funded)


def test_all_or_nothing_is_refused_whole_for_one_that_opted_out(funded: int) -> None:
    add_opt_outs(organisation_id=funded, recipients=[TO])
    requests = [SendRequest(OTHER, "Hello"), SendRequest(TO, "Hello")]
    with pytest.raises(InvalidRequest) as refused:
        send_batch(organisation_id=funded, requests=requests, is_all_or_nothing=True)
    (problem,) = refused.value.errors
    assert (problem["field"], problem["code"]) == ("messages[1].to", "recipient_opted_out")
    assert not Message.objects.filter(organisation_id=funded).exists()


def test_each_refusal_keeps_its_place_in_one_batch(world: World, funded: int, give_credits: GiveCredits) -> None:
    chens = world.chens_organisation.id
    give_credits(chens, 100)
    allow_countries(organisation_id=funded, regions=["NP"])
    add_opt_outs(organisation_id=funded, recipients=[OTHER])
    change_registration(organisation_id=chens, entity_ref="1101172974420820002", is_checked=True)
    none = {"credits_per_day_max": None, "credits_per_month_max": None}
    change_sending_limits(organisation_id=funded, messages_per_minute_max=3, **none)
    wanted = [
        (funded, TO, Accepted), (chens, TO, TemplateNotMatched), (funded, OTHER, RecipientOptedOut),
        (funded, NEPAL, Accepted), (chens, NEPAL, CountryNotAllowed), (funded, NEPAL, DestinationThrottled),
        (funded, TO, Accepted), (funded, "+6581234567", CountryNotAllowed), (funded, TO, RateLimited),
    ]  # fmt: skip
    asked = [Acceptance(SendRequest(to, "Hello"), who) for who, to, _ in wanted]
    with override_settings(KHATA_VELOCITY_RULES=("NP:1/9",)):
        answers = accept_batch(asked)
    assert [type(answer) for answer in answers] == [end for _, _, end in wanted]
    assert Message.objects.filter(organisation_id__in=(funded, chens)).count() == 3
    assert verify_ledger().is_sound


def test_an_opt_out_and_a_send_at_once_leave_a_message_with_its_credits_or_none(funded: int) -> None:
    people = [f"+91981234{number:04d}" for number in range(40)]

    def run(place: int) -> str:
        number = people[place // 2]
        if place % 2:
            add_opt_outs(organisation_id=funded, recipients=[number])
            return "added"
        return ends(funded, number)[0]

    with ThreadPoolExecutor(8) as threads:
        ended = list(threads.map(lambda place: with_pooled_connection(lambda: run(place)), range(80)))
    accepted = [people[place // 2] for place, end in enumerate(ended) if end == "Accepted"]
    assert set(ended) <= {"added", "Accepted", "RecipientOptedOut"}
    written = Message.objects.filter(organisation_id=funded).values_list("recipient", flat=True)
    assert sorted(written) == sorted(accepted)
    assert set(ends(funded, *people)) == {"RecipientOptedOut"}
    assert balance(organisation_id=funded).held == len(accepted) * 1_000_000
