"""Signing up, in and out; naming an organisation; billing details."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from khata.ledger.queries import balance
from khata.tenancy.models import Member, Organisation
from khata.tenancy.queries import memberships
from tests.conftest import PASSWORD, World
from tests.doors.console.reading import main_text, page_of, value_of


def newcomer() -> dict[str, str]:
    email = f"dev-{uuid4().hex[:12]}@example.com"
    return {"name": "Dev", "organisation_name": "Dev & Co", "email": email, "password1": "a quiet green river"}


def lone_member(world: World) -> Client:
    """Somebody who belongs to no organisation (any more)."""
    world.chens_organisation.memberships.all().delete()
    client = Client(SERVER_NAME="localhost")
    client.force_login(world.chen)
    return client


def test_signing_up_makes_a_member_an_organisation_and_an_empty_wallet(anonymous: Client) -> None:
    form = newcomer()
    assert anonymous.post("/accounts/signup/", form).status_code == 302
    member = Member.objects.get(email=form["email"])
    assert member.name == "Dev"
    (membership,) = memberships(member_id=member.id)
    assert (membership.organisation_name, membership.is_owner) == ("Dev & Co", True)
    assert balance(organisation_id=membership.organisation_id).available == 0


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", ""),
        ("organisation_name", " "),
        ("email", "nobody"),
        ("password1", "short"),
        ("password1", "password12"),
    ],
)
def test_a_wrong_sign_up_makes_nothing(anonymous: Client, field: str, text: str) -> None:
    form = newcomer() | {field: text}
    answer = anonymous.post("/accounts/signup/", form)
    assert page_of(answer).find("p", class_="error") is not None
    assert not Member.objects.filter(email=form["email"]).exists()


def test_a_closed_sign_up_says_so_and_makes_nothing(anonymous: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENVIRONMENT", replace(settings.ENVIRONMENT, is_sign_up_open=False))
    form = newcomer()
    assert "Sign-up is closed" in main_text(anonymous.get("/accounts/signup/"))
    assert "Sign-up is closed" in main_text(anonymous.post("/accounts/signup/", form))
    assert not Member.objects.filter(email=form["email"]).exists()
    assert "Sign up" not in main_text(anonymous.get("/accounts/login/"))


def test_signing_in_leads_to_the_page_asked_for(anonymous: Client, world: World) -> None:
    form = {"login": world.asha.email, "password": PASSWORD, "next": "/billing/"}
    assert anonymous.post("/accounts/login/", form)["Location"] == "/billing/"
    assert "My Credits" in main_text(anonymous.get("/billing/"))


def test_signing_in_leads_to_no_other_site(anonymous: Client, world: World) -> None:
    form = {"login": world.asha.email, "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert anonymous.post("/accounts/login/", form)["Location"] == "/"


def test_a_known_and_an_unknown_address_get_the_same_answers(anonymous: Client, world: World) -> None:
    known, unknown = world.asha.email, f"nobody-{uuid4().hex}@example.com"
    sign_in = [anonymous.post("/accounts/login/", {"login": who, "password": "wrong"}) for who in (known, unknown)]
    told = [main_text(answer) for answer in sign_in]
    assert told[0] == told[1]
    assert "not correct" in told[0]
    reset = [anonymous.post("/accounts/password/reset/", {"email": who}, follow=True) for who in (known, unknown)]
    assert main_text(reset[0]) == main_text(reset[1])
    assert reset[0].redirect_chain == reset[1].redirect_chain


def test_a_forgotten_password_is_replaced_by_the_mailed_link_once(anonymous: Client, world: World) -> None:
    mail.outbox.clear()
    anonymous.post("/accounts/password/reset/", {"email": world.asha.email})
    (letter,) = [letter for letter in mail.outbox if world.asha.email in letter.to]
    link = re.search(r"/accounts/password/reset/key/\S+", str(letter.body))
    assert link is not None
    form_page = anonymous.get(link[0], follow=True)
    address = form_page.redirect_chain[-1][0]
    assert "Choose a new password" in main_text(form_page)
    fresh = "a slow brown bear"
    done = anonymous.post(address, {"password1": fresh, "password2": fresh}, follow=True)
    assert "Password saved" in main_text(done)
    assert anonymous.post("/accounts/login/", {"login": world.asha.email, "password": fresh})["Location"] == "/"
    second = Client(SERVER_NAME="localhost")
    assert "This link no longer works" in main_text(second.get(link[0], follow=True))


def test_signing_out_takes_a_click(client: Client) -> None:
    client.get("/accounts/logout/")
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


def test_a_member_of_no_organisation_names_one_first(world: World) -> None:
    client = lone_member(world)
    assert client.get("/billing/")["Location"] == "/organisations/new/"
    assert "Name your organisation" in main_text(client.get("/organisations/new/"))
    assert client.post("/organisations/new/", {"name": "  "}).status_code == 422
    assert client.post("/organisations/new/", {"name": "Chen Trading"})["Location"] == "/"
    assert client.get("/").status_code == 200
    assert [row.organisation_name for row in memberships(member_id=world.chen.id)] == ["Chen Trading"]


def test_naming_a_second_organisation_by_reloading_does_nothing(client: Client, world: World) -> None:
    assert client.post("/organisations/new/", {"name": "Second"})["Location"] == "/"
    assert not Organisation.objects.filter(memberships__member=world.asha, name="Second").exists()


def test_billing_details_are_saved(client: Client, world: World) -> None:
    form = {"legal_name": "ACME Ltd", "address": "1 Road", "state_code": "27", "gstin": "", "phone": ""}
    answer = client.post("/billing/details/", form, follow=True)
    assert "Billing details saved." in main_text(answer)
    assert value_of(answer, "legal_name") == "ACME Ltd"
    world.organisation.refresh_from_db()
    assert (world.organisation.state_code, world.organisation.address) == ("27", "1 Road")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"legal_name": ""}, "This field is required."),
        ({"state_code": ""}, "This field is required."),
        ({"state_code": "00"}, "not one of the available choices"),
        ({"gstin": "29AAGCR4375J1ZX"}, "The last character does not fit"),
        ({"gstin": "nonsense"}, "A GSTIN has 15 characters"),
        ({"state_code": "27"}, "This GSTIN belongs to Karnataka"),
    ],
)
def test_wrong_billing_details_are_explained_and_kept(
    client: Client, world: World, changes: dict[str, str], complaint: str
) -> None:
    form = {"legal_name": "New name", "state_code": "29", "gstin": "29AAGCR4375J1ZU"} | changes
    answer = client.post("/billing/details/", form)
    assert answer.status_code == 422
    assert complaint in main_text(answer)
    world.organisation.refresh_from_db()
    assert world.organisation.legal_name == "ACME Private Limited"
