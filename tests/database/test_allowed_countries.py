"""Messages go home, and to the countries an owner allowed; everywhere else they are refused and cost nothing."""

import uuid
from collections.abc import Callable

import pytest

from khata.kernel.errors import InvalidRequest
from khata.kernel.ids import new_uuid
from khata.kernel.transactions import in_transaction
from khata.ledger.queries import balance
from khata.messaging.core.countries import NO_COUNTRY
from khata.messaging.models import Message
from khata.messaging.operations import (
    Acceptance,
    Accepted,
    CountryNotAllowed,
    DestinationUnpriced,
    SendRequest,
    accept_batch,
    quote_message,
    send_message,
)
from khata.messaging.operations.guards import keep_welcome
from khata.messaging.operations.requests import Entry, Priced
from khata.tenancy.models import Organisation
from khata.tenancy.operations import Asker, allow_countries, api_key_digest, create_api_key
from tests.conftest import World

GiveCredits = Callable[[int, int], None]
INDIA, NEPAL, SINGAPORE = "+919812345678", "+9779841234567", "+6581234567"


@pytest.fixture
def funded(organisation: Organisation, give_credits: GiveCredits) -> int:
    give_credits(organisation.id, 100)
    return organisation.id


def send(organisation_id: int, to: str) -> None:
    send_message(organisation_id=organisation_id, request=SendRequest(to, "Hello"))


def test_only_home_is_allowed_until_an_owner_says_otherwise(funded: int) -> None:
    send(funded, INDIA)
    before = balance(organisation_id=funded)
    with pytest.raises(CountryNotAllowed, match=r"does not send to Nepal\..*Settings, Countries") as refused:
        send(funded, NEPAL)
    assert refused.value.extra == {"country": "NP"}
    assert balance(organisation_id=funded) == before


def test_what_is_allowed_is_allowed_from_the_next_batch_on_and_no_longer_than_that(funded: int) -> None:
    allow_countries(organisation_id=funded, regions=["NP"])
    send(funded, NEPAL)
    allow_countries(organisation_id=funded, regions=[])
    with pytest.raises(CountryNotAllowed):
        send(funded, NEPAL)
    send(funded, INDIA)


def test_one_organisations_countries_are_no_other_ones(world: World, funded: int, give_credits: GiveCredits) -> None:
    chens = world.chens_organisation.id
    give_credits(chens, 100)
    allow_countries(organisation_id=funded, regions=["NP", "SG"])
    allow_countries(organisation_id=chens, regions=["SG"])
    asked = [Acceptance(SendRequest(to, "Hello"), who) for who in (funded, chens) for to in (NEPAL, SINGAPORE)]
    ends = [type(answer) for answer in accept_batch(asked)]
    assert ends == [Accepted, Accepted, CountryNotAllowed, Accepted]


def test_a_programs_key_sends_where_its_organisation_may(funded: int) -> None:
    _, key = create_api_key(organisation_id=funded, name="k", created_by=None, mode="test")
    asked = [Acceptance(SendRequest(NEPAL, "Hello"), api_key_digest=api_key_digest(key))]
    assert [type(answer) for answer in accept_batch(asked)] == [CountryNotAllowed]
    allow_countries(organisation_id=funded, regions=["NP"])
    assert [type(answer) for answer in accept_batch(asked)] == [Accepted]


def test_a_repeat_of_an_answered_key_gets_its_answer_whatever_is_allowed_by_then(funded: int) -> None:
    allow_countries(organisation_id=funded, regions=["NP"])
    asked = Acceptance(SendRequest(NEPAL, "Hello"), funded, idempotency_key=uuid.uuid4().hex)
    (first,) = accept_batch([asked])
    allow_countries(organisation_id=funded, regions=[])
    (repeat,) = accept_batch([asked])
    assert isinstance(first, Accepted)
    assert repeat == Accepted(first.sent, is_replayed=True)
    assert Message.objects.filter(organisation_id=funded).count() == 1


def test_a_refused_key_may_be_used_again_once_the_country_is_allowed(funded: int) -> None:
    asked = Acceptance(SendRequest(NEPAL, "Hello"), funded, idempotency_key=uuid.uuid4().hex)
    assert [type(answer) for answer in accept_batch([asked])] == [CountryNotAllowed]
    allow_countries(organisation_id=funded, regions=["NP"])
    assert [type(answer) for answer in accept_batch([asked])] == [Accepted]


def test_a_country_without_a_price_stays_refused_though_allowed(funded: int) -> None:
    allow_countries(organisation_id=funded, regions=["KZ"])
    with pytest.raises(DestinationUnpriced):
        send(funded, "+77010009998")


def test_a_quote_says_it_before_anything_is_sent(funded: int) -> None:
    request = SendRequest(NEPAL, "Hello")
    with pytest.raises(CountryNotAllowed):
        quote_message(request, organisation_id=funded)
    allow_countries(organisation_id=funded, regions=["NP"])
    assert quote_message(request, organisation_id=funded).segments == 1


def test_a_number_of_no_country_is_in_no_list(funded: int) -> None:
    priced = Priced(Acceptance(SendRequest("+881612345678", "Hello"), funded), new_uuid(), region=NO_COUNTRY)
    with in_transaction() as connection:
        welcome, refused = keep_welcome(
            connection, [Entry(7, Asker(funded, None, countries=frozenset({"NP"})), priced)]
        )
    assert welcome == []
    assert [(place, error.code(), error.extra) for place, error in refused.items()] == [(7, "country_not_allowed", {})]


@pytest.mark.parametrize("regions", [["Nepal"], ["np"], ["NP", ""], ["N1"], ["नप"]])
def test_what_is_no_country_is_refused_and_changes_nothing(funded: int, regions: list[str]) -> None:
    allow_countries(organisation_id=funded, regions=["SG", "NP", "SG"])
    with pytest.raises(InvalidRequest):
        allow_countries(organisation_id=funded, regions=regions)
    assert Organisation.objects.get(id=funded).countries == ["NP", "SG"]
