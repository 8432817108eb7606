"""`/v1/invoices`: listed, read, fetched as PDF, by their own organisation alone."""

from uuid import UUID, uuid4

import pytest

from khata.billing.operations import settle_top_up, start_top_up
from khata.billing.queries import invoices as queries
from khata.kernel.ids import public_id
from khata.payments.port import PaymentStatus
from tests.database.billing.staged_gateway import StagedGateway
from tests.top_ups import gateway

from .program import INSTANT, Program

__all__ = ["gateway"]


@pytest.fixture
def invoiced(program: Program, gateway: StagedGateway) -> list[str]:
    """Public ids of three invoices, newest first."""
    for rupees in (1_000, 2_000, 3_000):
        top_up = start_top_up(
            organisation_id=program.organisation_id, amount_minor=rupees * 100, idempotency_key=uuid4().hex
        )
        gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
        settle_top_up(top_up_id=top_up.id)
    return [row.public_id for row in queries.tax_documents(organisation_id=program.organisation_id).rows]


def test_an_invoice_says_everything_that_is_on_its_paper(program: Program, invoiced: list[str]) -> None:
    invoice = program.get(f"/v1/invoices/{invoiced[-1]}").json()
    assert INSTANT.fullmatch(invoice.pop("issued_at"))
    assert invoice.pop("number").startswith("KH/")
    assert invoice.pop("payment_reference").startswith("pay_")
    top_up = program.get(f"/v1/top-ups/{invoice.pop('top_up_id')}").json()
    assert top_up["invoice_id"] == invoice.pop("id") == invoiced[-1]
    assert invoice == {
        "kind": "invoice",
        "supplier": {"name": "Khata tests", "address": "", "state_code": "29", "gstin": None},
        "customer": {
            "name": "ACME Private Limited",
            "address": "12 Residency Road",
            "state_code": "29",
            "gstin": "29AAGCR4375J1ZU",
        },
        "place_of_supply": "29",
        "service_code": "998413",
        "description": "5,000 prepaid credits for messages",
        "credits": "5000",
        "currency": "INR",
        "amount": "1000.00",
        "taxes": [{"label": "CGST 9 %", "amount": "90.00"}, {"label": "SGST 9 %", "amount": "90.00"}],
        "rounding": "0.00",
        "total": "1180.00",
        "corrects": None,
        "is_test": True,
    }


def test_the_pdf_comes_as_a_file_with_the_number_for_a_name(program: Program, invoiced: list[str]) -> None:
    number = program.get(f"/v1/invoices/{invoiced[0]}").json()["number"]
    answer = program.get(f"/v1/invoices/{invoiced[0]}/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{number.replace("/", "-")}.pdf"'
    assert answer.headers["cache-control"] == "no-store"


def test_invoices_are_listed_newest_first_page_by_page(program: Program, invoiced: list[str]) -> None:
    page = program.get("/v1/invoices", params={"limit": 2}).json()
    assert [row["id"] for row in page["data"]] == invoiced[:2]
    rest = program.get("/v1/invoices", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert ([row["id"] for row in rest["data"]], rest["next_cursor"]) == (invoiced[2:], None)


def test_a_span_of_time_narrows_the_list(program: Program, invoiced: list[str]) -> None:
    second = program.get(f"/v1/invoices/{invoiced[1]}").json()["issued_at"]
    before = program.get("/v1/invoices", params={"issued_before": second}).json()["data"]
    after = program.get("/v1/invoices", params={"issued_after": second}).json()["data"]
    assert [row["id"] for row in before] == invoiced[2:]
    assert [row["id"] for row in after] == invoiced[:2]


def test_another_organisations_invoice_is_not_found(
    program: Program, chens_program: Program, invoiced: list[str]
) -> None:
    for path in (f"/v1/invoices/{invoiced[0]}", f"/v1/invoices/{invoiced[0]}/pdf"):
        assert program.get(path).status_code == 200
        chens_program.refused("GET", 404, "not_found", path)
    assert chens_program.get("/v1/invoices").json() == {"data": [], "next_cursor": None}
    assert chens_program.get("/v1/invoices", params={"cursor": invoiced[0]}).json()["data"] == []


@pytest.mark.parametrize("id", [public_id("inv", UUID(int=0)), public_id("top", UUID(int=0)), "inv_", "%00"])
def test_an_id_that_is_no_invoice_is_not_found(program: Program, id: str) -> None:
    program.refused("GET", 404, "not_found", f"/v1/invoices/{id}")
    program.refused("GET", 404, "not_found", f"/v1/invoices/{id}/pdf")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("cursor=top_" + "0" * 26, "cursor"),
        ("issued_after=2026-11-22", "issued_after"),
        ("issued_before=yesterday", "issued_before"),
        ("status=paid", "status"),
    ],
)
def test_a_page_that_cannot_be_is_refused(program: Program, query: str, field: str) -> None:
    problem = program.refused("GET", 422, "invalid_request", f"/v1/invoices?{query}")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_a_key_without_the_billing_scope_is_refused(program: Program) -> None:
    from khata.tenancy.operations import create_api_key

    _, program.key = create_api_key(
        organisation_id=program.organisation_id, name="Sender", created_by=None, mode="test", scopes=("send", "read")
    )
    for path in ("/v1/invoices", f"/v1/invoices/inv_{'0' * 26}", f"/v1/invoices/inv_{'0' * 26}/pdf"):
        program.refused("GET", 403, "missing_scope", path)
