"""`/v1/invoices`: the organisation's tax documents, listed, read one by one, and as PDF."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.ids import cursor_after, uuid_in_path
from khata.api.query import read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.billing.core.invoices import Party, TaxDocument
from khata.billing.queries import invoices as queries
from khata.kernel.clock import rfc3339
from khata.kernel.credits import credits_text
from khata.kernel.ids import public_id
from khata.kernel.money import money_text

PDF = "application/pdf"


class InvoiceParty(msgspec.Struct):
    """Who issued it, or to whom it was issued, as written on it."""

    name: str
    address: str
    state_code: str | None
    gstin: str | None


class InvoiceTax(msgspec.Struct):
    """One tax, like `CGST 9 %`."""

    label: str
    amount: str


class Invoice(msgspec.Struct):
    """An invoice, or a credit note that takes back from one."""

    id: str
    kind: str
    number: str
    issued_at: str
    top_up_id: str
    supplier: InvoiceParty
    customer: InvoiceParty
    place_of_supply: str | None
    service_code: str | None
    description: str
    credits: str
    currency: str
    amount: str
    taxes: list[InvoiceTax]
    rounding: str
    total: str
    payment_reference: str
    corrects: str | None
    is_test: bool


class InvoicePage(msgspec.Struct):
    data: list[Invoice]
    next_cursor: str | None


@get("/v1/invoices")
async def list_invoices(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


@get("/v1/invoices/{invoice_id:str}")
async def read_invoice(request: Request[Any, Any, Any], invoice_id: FromPath[str]) -> Any:
    return answer(_shown(await in_database_thread(partial(_read, request, invoice_id))))


@get("/v1/invoices/{invoice_id:str}/pdf")
async def read_invoice_pdf(request: Request[Any, Any, Any], invoice_id: FromPath[str]) -> Response[bytes]:
    """The paper. It never changes, but only its organisation may keep it."""
    document, pdf = await in_database_thread(partial(_paper, request, invoice_id))
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{document.file_name}"',
    }
    return Response(pdf, media_type=PDF, headers=headers)


def _list(request: Request[Any, Any, Any]) -> InvoicePage:
    caller = authenticate(request, "billing")
    query = read_query(request, "issued_after", "issued_before", "limit", "cursor")
    page = queries.tax_documents(
        organisation_id=caller.organisation_id,
        where=queries.DocumentFilter(query.instant("issued_after"), query.instant("issued_before")),
        limit=query.limit(),
        before_id=query.before_id("inv"),
    )
    return InvoicePage([_shown(document) for document in page.rows], cursor_after(page, "inv"))


def _read(request: Request[Any, Any, Any], invoice_id: str) -> TaxDocument:
    caller = authenticate(request, "billing")
    return queries.tax_document(organisation_id=caller.organisation_id, document_id=uuid_in_path("inv", invoice_id))


def _paper(request: Request[Any, Any, Any], invoice_id: str) -> tuple[TaxDocument, bytes]:
    document = _read(request, invoice_id)
    return document, queries.document_pdf(document)


def _shown(document: TaxDocument) -> Invoice:
    return Invoice(
        id=document.public_id,
        kind=document.kind.value,
        number=document.number,
        issued_at=rfc3339(document.issued_at),
        top_up_id=public_id("top", document.top_up_id),
        supplier=_shown_party(document.supplier),
        customer=_shown_party(document.customer),
        place_of_supply=document.place_of_supply or None,
        service_code=document.service_code or None,
        description=document.description,
        credits=credits_text(document.credits_micro),
        currency=document.currency,
        amount=money_text(document.taxable_minor),
        taxes=[InvoiceTax(line.label, money_text(line.amount_minor)) for line in document.tax_lines],
        rounding=money_text(document.rounding_minor),
        total=money_text(document.total_minor),
        payment_reference=document.payment_ref,
        corrects=document.corrects.number if document.corrects else None,
        is_test=document.is_test,
    )


def _shown_party(party: Party) -> InvoiceParty:
    return InvoiceParty(party.name, party.address, party.state_code or None, party.gstin or None)
