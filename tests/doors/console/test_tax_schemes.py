"""What the console asks and says where the operator bills VAT, or no tax at all."""

from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from khata.billing import queries as billing
from khata.tenancy.core.tax_scheme import TaxScheme
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import main_text, page_of, value_of

ADD_CREDITS = "/billing/add-credits/"
DETAILS = "/billing/details/"
KNOWN = {"legal_name": "ACME Ltd", "address": "1 Road, Paris", "gstin": "", "phone": ""}


@pytest.fixture
def vat(monkeypatch: pytest.MonkeyPatch, organisation: Organisation) -> None:
    """In Germany; the organisation has nothing Indian."""
    for name, value in {"SCHEME": TaxScheme.VAT, "COUNTRY": "DE", "NAME": "VAT", "RATE_BP": 1_900}.items():
        monkeypatch.setattr(settings, f"KHATA_TAX_{name}", value)
    Organisation.objects.filter(id=organisation.id).update(state_code="", gstin="")


@pytest.fixture
def no_tax(monkeypatch: pytest.MonkeyPatch, organisation: Organisation) -> None:
    monkeypatch.setattr(settings, "KHATA_TAX_SCHEME", TaxScheme.NONE)
    Organisation.objects.filter(id=organisation.id).update(state_code="", gstin="", legal_name="")


def fields(client: Client) -> list[str]:
    form = page_of(client.get(DETAILS)).select("main form :is(input, select, textarea)")
    return [str(field["name"]) for field in form if field["name"] in (*KNOWN, "state_code")]


@pytest.mark.usefixtures("vat")
def test_under_vat_a_vat_number_is_asked_for_and_no_state(client: Client, world: World) -> None:
    assert fields(client) == ["legal_name", "address", "gstin", "phone"]
    assert "VAT number" in main_text(client.get(DETAILS))
    answer = client.post(DETAILS, KNOWN | {"gstin": "fr 12 345678901"}, follow=True)
    assert value_of(answer, "gstin") == "FR12345678901"
    world.organisation.refresh_from_db()
    assert world.organisation.state_code == ""


@pytest.mark.usefixtures("vat")
@pytest.mark.parametrize(
    ("changes", "complaint"),
    [({"gstin": "12345"}, "begins with its country's two letters"), ({"address": ""}, "This field is required.")],
)
def test_under_vat_wrong_details_are_explained(client: Client, changes: dict[str, str], complaint: str) -> None:
    answer = client.post(DETAILS, KNOWN | changes)
    assert answer.status_code == 422
    assert complaint in main_text(answer)


@pytest.mark.usefixtures("vat")
def test_under_vat_add_credits_asks_for_the_address_once(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    Organisation.objects.filter(id=organisation.id).update(address="")
    asked = client.get(ADD_CREDITS)
    assert page_of(asked).find("textarea", attrs={"name": "address"}) is not None
    words = main_text(asked)
    assert "Address (optional)" not in words
    assert "before VAT." in words
    assert "VAT 19 % 190.00 Total ₹1,190.00" in words
    typed = {"amount": "1000", "amount_shown": "1000", "token": uuid4().hex}
    refused = client.post(ADD_CREDITS, typed)
    assert (refused.status_code, "Please give your address" in main_text(refused)) == (422, True)
    assert client.post(ADD_CREDITS, typed | {"address": "1 Straße, Berlin"}).status_code == 302
    (top_up,) = billing.top_ups(organisation_id=organisation.id).rows
    assert top_up.total_minor == 119_000
    assert page_of(client.get(ADD_CREDITS)).find("textarea", attrs={"name": "address"}) is None


@pytest.mark.usefixtures("vat")
def test_who_owes_the_tax_abroad_reads_so_before_paying(client: Client, organisation: Organisation) -> None:
    Organisation.objects.filter(id=organisation.id).update(gstin="FR12345678901")
    words = main_text(client.get(ADD_CREDITS))
    assert "VAT You owe it yourself Total ₹1,000.00" in words
    assert "VAT number FR12345678901" in words


@pytest.mark.usefixtures("no_tax")
def test_without_tax_only_a_name_is_needed_and_no_tax_is_spoken_of(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    assert fields(client) == ["legal_name", "address", "phone"]
    words = main_text(client.get(ADD_CREDITS))
    assert "Amount 1,000.00 Total ₹1,000.00" in words
    for told in (words, main_text(client.get(f"{ADD_CREDITS}?amount="))):
        assert "tax" not in told
        assert "GST" not in told
    typed = {"amount": "1000", "amount_shown": "1000", "token": uuid4().hex}
    assert client.post(ADD_CREDITS, typed).status_code == 302
    organisation.refresh_from_db()
    assert organisation.legal_name == organisation.name


@pytest.mark.usefixtures("vat")
@pytest.mark.parametrize("path", ["/billing/", "/billing/plan/"])
def test_no_page_speaks_of_another_countrys_tax(client: Client, path: str) -> None:
    assert "GST" not in main_text(client.get(path))
