"""Settings → Countries: what is sold where, looked up, allowed by an owner, and what follows for sending."""

from collections.abc import Callable

import pytest
from django.test import Client

from khata.console.country_list import country_list, names_in_words
from khata.tenancy.models import Organisation
from khata.tenancy.operations import allow_countries
from tests.doors.console.reading import main_text, page_of

COUNTRIES = "/settings/countries/"
Give = Callable[[int, int], None]


def allowed(organisation: Organisation) -> list[str]:
    organisation.refresh_from_db()
    return list(organisation.countries)


def send(client: Client, recipient: str) -> str:
    return main_text(
        client.post(
            "/send/sms/", {"recipients": recipient, "body": "Hello", "token": "1", "action": "send"}, follow=True
        )
    )


def test_at_first_messages_go_to_the_home_country_only(client: Client) -> None:
    assert "Messages may go to India." in main_text(client.get("/settings/"))
    page = page_of(client.get(COUNTRIES))
    home, *others = page.select('input[type="checkbox"]')
    assert (home["value"], home.has_attr("checked"), home.has_attr("disabled")) == ("IN", True, True)
    assert others
    assert not any(other.has_attr("checked") for other in others)
    assert "India +91 1 credit a segment, always on" in " ".join(page.get_text(" ").split())


def test_a_country_is_allowed_and_then_sent_to(client: Client, organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 100)
    refused = send(client, "+977 984-1234567")
    assert "Your organisation does not send to Nepal. An owner can allow it: Settings, Countries." in refused
    saved = main_text(client.post(COUNTRIES, {"region": ["NP"], "action": "save"}, follow=True))
    assert "From the next message on they may go to India and Nepal." in saved
    assert "Messages may go to India and Nepal." in main_text(client.get("/settings/"))
    assert "Credits reserved" in send(client, "+977 984-1234567")


def test_looking_a_country_up_keeps_the_ticks(client: Client, organisation: Organisation) -> None:
    allow_countries(organisation_id=organisation.id, regions=["NP"])
    answer = client.post(COUNTRIES, {"region": ["GB"], "find": "nepal"})
    page = page_of(answer)
    (shown,) = page.select('input[type="checkbox"]')
    assert (shown["value"], shown.has_attr("checked")) == ("NP", False)
    assert [hidden["value"] for hidden in page.select('input[type="hidden"][name="region"]')] == ["GB"]
    assert allowed(organisation) == ["NP"]
    client.post(COUNTRIES, {"region": ["GB", "NP"], "find": "nepal", "action": "save"})
    assert allowed(organisation) == ["GB", "NP"]


@pytest.mark.parametrize(
    ("words", "found"),
    [("NEPAL", "Nepal"), ("977", "Nepal"), ("+977", "Nepal"), ("arab em", "United Arab Emirates")],
)
def test_a_country_is_found_by_name_and_calling_code(client: Client, words: str, found: str) -> None:
    page = page_of(client.post(COUNTRIES, {"find": words}))
    labels = [" ".join(label.get_text(" ").split()) for label in page.select(".countries label")]
    assert len(labels) == 1
    assert labels[0].startswith(found)


def test_what_is_sold_nowhere_is_said(client: Client) -> None:
    assert "Nothing is sold to a country like “Atlantis”." in main_text(client.post(COUNTRIES, {"find": "Atlantis"}))


def test_a_country_without_a_price_stays_listed_once_it_is_allowed() -> None:
    (found,) = (country for country in country_list({"AQ", "FR"}, "IN") if country.region == "FR")
    assert (found.name, found.credits_micro, found.is_allowed) == ("France", None, True)


def test_only_an_owner_allows(bilals_client: Client, organisation: Organisation) -> None:
    assert bilals_client.post(COUNTRIES, {"region": ["NP"], "action": "save"}).status_code == 403
    assert "Ask an owner: Asha" in main_text(bilals_client.get(COUNTRIES))
    assert "See countries" in main_text(bilals_client.get("/settings/"))
    assert allowed(organisation) == []


def test_a_forged_country_is_refused(client: Client, organisation: Organisation) -> None:
    answer = client.post(COUNTRIES, {"region": ["<b>"], "action": "save"})
    assert answer.status_code == 422
    assert "A country is two capital letters" in main_text(answer)
    assert allowed(organisation) == []


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        (["IN"], "India"),
        (["IN", "NP"], "India and Nepal"),
        (["IN", "NP", "SG", "AU"], "India, Nepal, Singapore and Australia"),
        (["IN", "NP", "SG", "AU", "US"], "India, Nepal, Singapore and 2 more"),
    ],
)
def test_countries_in_words(regions: list[str], words: str) -> None:
    assert names_in_words(regions) == words
