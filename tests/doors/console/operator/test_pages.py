"""Nobody else learns of these pages; to operators each says what it must."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from khata.console.operator.urls import urlpatterns
from khata.kernel.errors import NotFound
from khata.ledger import queries as ledger
from khata.tenancy.models import Member
from khata.tenancy.operators import make_operator, operator_emails, unmake_operator
from tests.conftest import World
from tests.doors.console.reading import main_text, page_of

PAGES = {
    "/operator/": ("Overview", "Credits sold", "Waiting for you", "Credits of all organisations"),
    "/operator/organisations/": ("Organisations", "Name, e-mail or ID"),
    "/operator/top-ups/": ("Top-ups", "State"),
    "/operator/reconciliation/": ("Reconciliation", "Last comparisons", "Paid out by the gateway"),
    "/operator/webhooks/": ("Webhooks", "Waiting"),
    "/operator/webhooks/?show=waiting": ("Webhooks", "Waiting"),
    "/operator/carriers/": ("Carriers", "smpp", "default", "To everybody", "Used when a carrier accepts."),
    "/operator/inbound/": ("Inbound", "Nobody's", "Numbers of organisations"),
    "/operator/proof/": ("Proof", "Prove now"),
    "/operator/audit/": ("Audit trail",),
}


def address_of(pattern: URLPattern) -> str:
    ids: dict[str, object] = {
        "top_up_id": uuid4(), "finding_id": uuid4(), "organisation_id": 7, "payment_ref": "pay_1",
    }  # fmt: skip
    return reverse(pattern.name or "", kwargs={name: ids[name] for name in pattern.pattern.converters})


@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: str(pattern.name))
def test_to_everybody_else_there_is_no_such_page(
    anonymous: Client, client: Client, bilals_client: Client, pattern: URLPattern
) -> None:
    address = address_of(pattern)
    for stranger in (anonymous, client, bilals_client):
        assert [stranger.get(address).status_code, stranger.post(address).status_code] == [404, 404]


@pytest.mark.parametrize("pattern", [one for one in urlpatterns if one.pattern.converters], ids=lambda one: one.name)
def test_what_does_not_exist_is_missing_for_operators_too(operator: Client, pattern: URLPattern) -> None:
    address = address_of(pattern)
    statuses = [operator.get(address).status_code, operator.post(address, {"reason": "x"}).status_code]
    # 405 where a page is only read or only written.
    assert 404 in statuses
    assert set(statuses) <= {404, 405}


@pytest.mark.parametrize("address", PAGES)
def test_a_page_says_what_it_must_and_keeps_the_policy(operator: Client, address: str) -> None:
    answer = operator.get(address)
    assert answer.status_code == 200
    assert [label for label in PAGES[address] if label not in main_text(answer)] == []
    page = page_of(answer)
    assert len(page("h1")) == 1
    assert page.find("style") is None
    assert page.find(style=True) is None
    assert "no-store" in answer["Cache-Control"]
    assert len(page.select('nav[aria-label="Operator"] [aria-current="page"]')) == 1


@pytest.mark.parametrize("address", PAGES)
def test_every_field_of_a_page_has_its_label(operator: Client, address: str) -> None:
    page = page_of(operator.get(address))
    labelled = {str(label["for"]) for label in page("label", attrs={"for": True})}
    fields = [field for field in page(["input", "select", "textarea"]) if field.get("type") != "hidden"]
    assert [field for field in fields if field.get("id") not in labelled] == []


def test_only_operators_see_the_way_there(world: World, client: Client) -> None:
    assert page_of(client.get("/")).find("a", href="/operator/") is None
    make_operator(email=world.asha.email)
    assert page_of(client.get("/")).find("a", href="/operator/") is not None
    unmake_operator(email=world.asha.email)
    assert client.get("/operator/").status_code == 404


def test_making_an_operator_twice_changes_nothing(olga: Member) -> None:
    assert not make_operator(email=olga.email.upper())
    assert olga.email in operator_emails()
    assert unmake_operator(email=olga.email)
    assert not unmake_operator(email=olga.email)
    with pytest.raises(NotFound):
        make_operator(email="nobody@example.com")


def test_a_form_without_its_token_is_refused(olga: Member, world: World) -> None:
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    strict.force_login(olga)
    address = reverse("operator_stop", args=[world.organisation.id])
    assert strict.post(address, {"reason": "x"}).status_code == 403
    assert not ledger.balance(organisation_id=world.organisation.id).is_frozen
