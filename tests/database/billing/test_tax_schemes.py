"""Countries other than India: what is charged, what papers say, what must be known of a customer."""

import csv
from uuid import uuid4

import pytest
from django.conf import settings

from khata.billing.core.invoices import TaxDocument
from khata.billing.core.tax import TaxLine
from khata.billing.documents.paper import paper
from khata.billing.documents.register import register_csv
from khata.billing.operations import BillingDetailsMissing, settle_top_up, start_top_up
from khata.billing.queries import TopUpRow
from khata.billing.queries.invoices import tax_documents
from khata.payments.port import PaymentStatus
from khata.tenancy.core.tax_scheme import TaxScheme
from khata.tenancy.models import Organisation
from tests.database.billing.staged_gateway import StagedGateway


def bill_vat(monkeypatch: pytest.MonkeyPatch, *, country: str) -> None:
    for name, value in {"SCHEME": TaxScheme.VAT, "COUNTRY": country, "NAME": "VAT", "RATE_BP": 2_000}.items():
        monkeypatch.setattr(settings, f"KHATA_TAX_{name}", value)


def started(organisation: Organisation) -> TopUpRow:
    return start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex)


def invoiced(gateway: StagedGateway, top_up: TopUpRow) -> TaxDocument:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    (invoice,) = tax_documents(organisation_id=top_up.organisation_id).rows
    return invoice


def test_outside_india_there_is_one_tax_and_no_state(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_vat(monkeypatch, country="GB")
    invoice = invoiced(gateway, started(organisation))
    assert invoice.tax_lines == (TaxLine("VAT 20 %", 20_000),)
    assert (invoice.title, invoice.place_of_supply, invoice.total_minor) == ("Invoice", "", 120_000)
    shown = paper(invoice)
    assert (shown["supplier"]["state"], shown["customer"]["registration"]) == ("", "Tax registration 29AAGCR4375J1ZU")
    assert "Place of supply" not in [fact["term"] for fact in shown["facts"]]


def test_a_business_of_another_country_of_the_union_owes_the_tax_itself(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_vat(monkeypatch, country="DE")
    Organisation.objects.filter(id=organisation.id).update(gstin="FR12345678901", state_code="")
    top_up = started(organisation)
    assert (top_up.tax_minor, top_up.total_minor) == (0, 100_000)
    invoice = invoiced(gateway, top_up)
    assert (invoice.tax_lines, invoice.total_minor) == ((), 100_000)
    facts = {fact["term"]: fact["text"] for fact in paper(invoice)["facts"]}
    assert facts["Reverse charge"] == "Yes: the customer owes the tax"
    (_, row) = csv.reader("".join(register_csv([invoice])).splitlines())
    assert "Yes" in row


def test_who_is_not_registered_bills_no_tax_and_writes_no_tax_invoice(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KHATA_TAX_SCHEME", TaxScheme.NONE)
    invoice = invoiced(gateway, started(organisation))
    assert (invoice.title, invoice.tax_lines, invoice.total_minor) == ("Invoice", (), 100_000)
    assert "Reverse charge" not in [fact["term"] for fact in paper(invoice)["facts"]]


def test_a_registration_from_before_means_nothing_to_who_bills_no_tax(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_vat(monkeypatch, country="DE")
    Organisation.objects.filter(id=organisation.id).update(gstin="FR12345678901")
    monkeypatch.setattr(settings, "KHATA_TAX_SCHEME", TaxScheme.NONE)
    invoice = invoiced(gateway, started(organisation))
    assert not invoice.is_reverse_charge
    assert (invoice.customer.gstin, invoice.customer.state_code) == ("", "")


def test_what_was_begun_under_another_scheme_is_invoiced_as_it_was_begun(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    top_up = started(organisation)
    monkeypatch.setattr(settings, "KHATA_TAX_SCHEME", TaxScheme.NONE)
    invoice = invoiced(gateway, top_up)
    assert (invoice.total_minor, invoice.place_of_supply) == (118_000, "29")
    assert invoice.customer.gstin == "29AAGCR4375J1ZU"


def test_under_vat_an_address_stands_on_every_invoice(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_vat(monkeypatch, country="DE")
    Organisation.objects.filter(id=organisation.id).update(address="", state_code="")
    with pytest.raises(BillingDetailsMissing) as refused:
        started(organisation)
    assert refused.value.extra == {"missing": ["address"]}
