"""The frame around every page: the balance's states, the theme, the way around."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from khata.billing.operations import settle_top_up
from khata.billing.queries import TopUpRow
from khata.console.views.errors import server_error
from khata.payments.port import PaymentStatus
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import main_text, page_of, text_of

Give = Callable[[int, int], None]


def credits_link(client: Client) -> tuple[str, str]:
    """Its accessible name and its visible words."""
    link = page_of(client.get("/settings/")).find("a", class_="my-credits")
    assert link is not None
    return str(link["aria-label"]), " ".join(link.get_text(" ").split())


def test_an_empty_balance_is_told_by_word(client: Client) -> None:
    assert credits_link(client) == ("My Credits, 0 credits, about 0 SMS, Empty", "My Credits 0 Empty")


def test_a_low_balance_is_told_by_word(client: Client, organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 499)
    assert credits_link(client) == ("My Credits, 499 credits, about 499 SMS, Low", "My Credits 499 Low")


def test_a_good_balance_is_just_told(client: Client, organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 123_456)
    assert credits_link(client) == ("My Credits, 1,23,456 credits, about 1,23,456 SMS", "My Credits 1,23,456")


def test_credits_are_told_in_messages_to_the_home_country(
    client: Client, organisation: Organisation, give_credits: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KHATA_HOME_REGION", "NP")
    give_credits(organisation.id, 1_600)
    assert credits_link(client)[0] == "My Credits, 1,600 credits, about 100 SMS"


def test_a_payment_on_its_way_is_told(client: Client, gateway: StagedGateway, top_up: TopUpRow) -> None:
    assert "pending" not in text_of(client.get("/settings/"))
    gateway.stage(top_up.order_ref, PaymentStatus.AUTHORISED)
    settle_top_up(top_up_id=top_up.id)
    assert "₹1,180.00 pending" in text_of(client.get("/settings/"))


def test_the_balance_is_polled_where_it_changes(client: Client) -> None:
    polled = page_of(client.get("/send/sms/")).find(id="balance")
    assert polled is not None
    assert (polled["hx-get"], polled["hx-trigger"]) == ("/balance/", "every 30s")
    assert b"My Credits" in client.get("/balance/", HTTP_HX_REQUEST="true").content


@pytest.mark.parametrize("theme", ["system", "light", "dark"])
def test_a_theme_is_kept_in_a_cookie(anonymous: Client, theme: str) -> None:
    answer = anonymous.post("/settings/theme/", {"theme": theme, "next": "/accounts/login/"})
    assert answer["Location"] == "/accounts/login/"
    assert page_of(anonymous.get("/accounts/login/")).find("html", attrs={"data-theme": theme}) is not None


def test_a_theme_that_is_none_changes_nothing(anonymous: Client) -> None:
    anonymous.post("/settings/theme/", {"theme": '"><b'})
    anonymous.cookies["theme"] = "nonsense"
    assert page_of(anonymous.get("/accounts/login/")).find("html", attrs={"data-theme": "system"}) is not None


def test_the_theme_form_leads_nowhere_else(anonymous: Client) -> None:
    answer = anonymous.post("/settings/theme/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"


def test_the_sandbox_is_marked(client: Client) -> None:
    assert settings.ENVIRONMENT.is_sandbox
    header = page_of(client.get("/")).find("header")
    assert header is not None
    assert "Sandbox" in header.get_text()


def test_the_sidebar_marks_where_one_is(client: Client) -> None:
    page = page_of(client.get("/billing/"))
    current = page.select('nav[aria-label="Main"] [aria-current="page"]')
    assert [link.get_text(strip=True) for link in current] == ["Billing"]


@pytest.mark.parametrize(
    ("address", "form", "area"),
    [("/settings/limits/", {"credits_per_day_max": "x"}, "Settings"), ("/templates/senders/add/", {}, "Templates")],
)
def test_the_sidebar_marks_where_a_refused_form_is(
    client: Client, address: str, form: dict[str, str], area: str
) -> None:
    answer = client.post(address, form)
    assert answer.status_code == 422
    current = page_of(answer).select('nav[aria-label="Main"] [aria-current]')
    assert [link.get_text(strip=True) for link in current] == [area]


def test_a_page_that_is_none_marks_nothing(client: Client) -> None:
    page = page_of(client.get("/nope/"))
    assert page.select("[aria-current], [data-poll]") == []


def test_pages_are_kept_by_no_cache_between(client: Client) -> None:
    assert {"private", "no-cache"} <= set(client.get("/billing/")["Cache-Control"].split(", "))


def test_a_member_is_told_whom_to_ask_for_a_top_up(bilals_client: Client) -> None:
    page = page_of(bilals_client.get("/"))
    button = page.find("button", string="Top up")
    assert button is not None
    assert button.has_attr("disabled")
    assert button["title"] == "Ask an owner: Asha"


def test_a_member_cannot_move_money_or_keys(world: World, bilals_client: Client, top_up: TopUpRow) -> None:
    payment = f"/billing/payments/{top_up.public_id}/"
    answers = [
        bilals_client.post("/billing/add-credits/", {"amount": "1000", "token": "t"}),
        bilals_client.get(f"{payment}checkout/"),
        bilals_client.post(f"{payment}cancel/"),
        bilals_client.post(f"{payment}again/"),
        bilals_client.post("/developers/keys/", {"name": "Mine", "scopes": ["send"]}),
        bilals_client.post("/billing/details/", {"legal_name": "Bilal", "state_code": "29"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert all("Ask an owner: Asha" in main_text(answer) for answer in answers)
    world.organisation.refresh_from_db()
    assert world.organisation.legal_name == "ACME Private Limited"


def test_the_page_for_our_own_faults_needs_nothing(anonymous: Client) -> None:
    request = anonymous.get("/accounts/login/").wsgi_request
    answer = server_error(request)
    assert answer.status_code == 500
    assert b"you don't need to pay again" in answer.content
