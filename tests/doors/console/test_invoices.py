"""The Invoices tab: its four states, its PDF, its export, and nobody else's."""

import csv
import io
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from khata.billing.operations import settle_top_up, start_top_up
from khata.billing.operations.invoices import issue_credit_note
from khata.billing.queries import TopUpRow
from khata.billing.queries import invoices as queries
from khata.console.document_filter import DocumentFilterForm
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.payments.port import PaymentStatus
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.database.billing.staged_gateway import StagedGateway
from tests.database.billing.test_credit_notes import refunded
from tests.doors.console.reading import main_text, page_of


@pytest.fixture
def paid(top_up: TopUpRow, gateway: StagedGateway) -> TopUpRow:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    return settle_top_up(top_up_id=top_up.id)


def number(top_up: TopUpRow) -> str:
    invoice = queries.invoice_of(top_up_id=top_up.id)
    assert invoice is not None
    return invoice.number


def test_before_the_first_top_up_the_tab_says_when_it_fills(client: Client) -> None:
    words = main_text(client.get("/billing/invoices/"))
    assert "Your first invoice appears right after your first top-up." in words


def test_an_invoice_stands_in_the_list_with_its_figures_and_its_pdf(client: Client, paid: TopUpRow) -> None:
    answer = client.get("/billing/invoices/")
    row = page_of(answer).select_one("table.invoices tbody tr")
    assert row is not None
    words = " ".join(row.get_text(" ").split())
    assert f"{number(paid)} " in words
    assert "Tax Invoice ₹1,000.00 ₹180.00 ₹1,180.00 PDF" in words
    link = row.find("a", string="PDF")
    assert link is not None
    assert link["aria-label"] == f"Tax Invoice {number(paid)} as PDF"
    pdf = client.get(str(link["href"]))
    assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
    assert pdf["Content-Disposition"] == f'attachment; filename="{number(paid).replace("/", "-")}.pdf"'
    assert "private" in pdf["Cache-Control"]
    assert pdf.content.startswith(b"%PDF-")


def test_a_credit_note_takes_back_from_its_invoice(client: Client, paid: TopUpRow) -> None:
    with in_transaction():
        issue_credit_note(refunded(paid, 9_440, 1_440, credits=400), utc_now())
    words = main_text(client.get("/billing/invoices/"))
    assert f"for {number(paid)}" in words
    assert "Credit Note −₹80.00 −₹14.40 −₹94.40" in words


def test_the_payments_page_leads_to_the_invoice(client: Client, paid: TopUpRow) -> None:
    answer = client.get(f"/billing/payments/{paid.public_id}/")
    link = page_of(answer).find("a", string=f"{number(paid)} (PDF)")
    assert link is not None
    assert client.get(str(link["href"])).status_code == 200


def test_a_period_without_invoices_can_be_left(client: Client, paid: TopUpRow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "first_issued_at", lambda **_: datetime(2020, 4, 1, tzinfo=UTC))
    words = main_text(client.get("/billing/invoices/?period=fy-2020"))
    assert "No invoices in this period. Clear filters" in words
    assert number(paid) in main_text(client.get("/billing/invoices/"))


@pytest.mark.parametrize("period", ["fy-1999", "2020-13", "x", "fy-", "\0"])
def test_a_period_nobody_offers_is_named_and_everything_shown(client: Client, paid: TopUpRow, period: str) -> None:
    answer = client.get("/billing/invoices/", {"period": period})
    assert answer.status_code == 200
    assert "Choose a period from the list." in main_text(answer)
    assert number(paid) in main_text(answer)


def test_only_years_and_months_that_can_hold_documents_are_offered() -> None:
    first, now = datetime(2026, 2, 10, tzinfo=UTC), datetime(2026, 5, 31, 19, tzinfo=UTC)
    form = DocumentFilterForm({}, first_at=first, now=now)
    (everything, this_year, last_year) = form.fields["period"].choices  # type: ignore[attr-defined]
    assert everything == ("", "All time")
    assert [value for value, _ in this_year[1]] == ["fy-2026", "2026-06", "2026-05", "2026-04"]
    assert [value for value, _ in last_year[1]] == ["fy-2025", "2026-03", "2026-02"]


def test_a_year_and_a_month_are_those_of_india() -> None:
    first, now = datetime(2025, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)

    def span(period: str) -> queries.DocumentFilter:
        return DocumentFilterForm({"period": period}, first_at=first, now=now).document_filter

    assert span("fy-2025") == queries.DocumentFilter(
        datetime(2025, 3, 31, 18, 30, tzinfo=UTC), datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    )
    assert span("2025-12") == queries.DocumentFilter(
        datetime(2025, 11, 30, 18, 30, tzinfo=UTC), datetime(2025, 12, 31, 18, 30, tzinfo=UTC)
    )
    assert span("") == queries.EVERYTHING


def test_the_export_has_a_row_for_each_document_and_takes_credit_notes_off(client: Client, paid: TopUpRow) -> None:
    with in_transaction():
        issue_credit_note(refunded(paid, 9_440, 1_440, credits=400), utc_now())
    answer = client.get("/billing/invoices/export.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="invoices-all.csv"'
    invoice, note = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (invoice["Kind"], note["Kind"]) == ("Invoice", "Credit note")
    assert (invoice["Number"], note["For invoice"]) == (number(paid), number(paid))
    assert (invoice["Customer"], invoice["GSTIN"], invoice["State"]) == (
        "ACME Private Limited",
        "29AAGCR4375J1ZU",
        "29 Karnataka",
    )
    columns = ("Taxable value", "CGST", "SGST/UTGST", "IGST", "Other tax", "Rounding", "Total")
    assert [invoice[name] for name in columns] == ["1000.00", "90.00", "90.00", "0.00", "0.00", "0.00", "1180.00"]
    assert [note[name] for name in columns] == ["-80.00", "-7.20", "-7.20", "0.00", "0.00", "0.00", "-94.40"]


def test_a_name_that_looks_like_a_formula_is_none_in_the_export(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    Organisation.objects.filter(id=organisation.id).update(legal_name='=HYPERLINK("x")')
    top_up = start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex)
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    (row,) = csv.DictReader(io.StringIO(client.get("/billing/invoices/export.csv").content.decode("utf-8-sig")))
    assert row["Customer"] == '\'=HYPERLINK("x")'


def test_pages_of_invoices_lead_on(
    client: Client, gateway: StagedGateway, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KHATA_INVOICE_PREFIX", "PG")
    for _ in range(26):
        made = start_top_up(organisation_id=world.organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex)
        gateway.stage(made.order_ref, PaymentStatus.CAPTURED)
        settle_top_up(top_up_id=made.id)
    first = page_of(client.get("/billing/invoices/"))
    older = first.find("a", rel="next")
    assert older is not None
    second = page_of(client.get(f"/billing/invoices/{older['href']}"))
    assert (len(first.select("tbody tr")), len(second.select("tbody tr"))) == (25, 1)
    assert client.get("/billing/invoices/?before=nonsense").status_code == 200


def test_another_organisations_invoice_is_missing(client: Client, chens_client: Client, paid: TopUpRow) -> None:
    invoice = queries.invoice_of(top_up_id=paid.id)
    assert invoice is not None
    address = f"/billing/invoices/{invoice.public_id}.pdf"
    assert (client.get(address).status_code, chens_client.get(address).status_code) == (200, 404)
    assert number(paid) not in chens_client.get("/billing/invoices/export.csv").content.decode()
    assert number(paid) not in main_text(chens_client.get("/billing/invoices/"))


def test_a_member_who_is_no_owner_may_read_invoices(bilals_client: Client, paid: TopUpRow) -> None:
    assert number(paid) in main_text(bilals_client.get("/billing/invoices/"))
