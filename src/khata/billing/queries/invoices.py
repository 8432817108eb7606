"""Reads of tax documents: invoices, and the credit notes that take back from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from khata.billing.core import invoices as core
from khata.billing.core.invoices import Correction, DocumentKind, Party
from khata.billing.core.tax import TaxLine
from khata.billing.documents.rendering import rendered
from khata.billing.models import TaxDocument
from khata.kernel.errors import NotFound
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Issued from an instant on, up to another one, which is not included."""

    issued_after: datetime | None = None
    issued_before: datetime | None = None


EVERYTHING = DocumentFilter()


def tax_document(*, organisation_id: int, document_id: UUID) -> core.TaxDocument:
    """Raises NotFound, for another organisation's document too."""
    return _one(TaxDocument.objects.filter(organisation_id=organisation_id, id=document_id))


def tax_document_for_anyone(*, document_id: UUID) -> core.TaxDocument:
    """For mail. Raises NotFound."""
    return _one(TaxDocument.objects.filter(id=document_id))


def invoice_of(*, top_up_id: UUID) -> core.TaxDocument | None:
    """The invoice of a top-up, for mail; None where it has none (yet)."""
    row = TaxDocument.objects.filter(top_up_id=top_up_id, kind=DocumentKind.INVOICE).first()
    return None if row is None else _document(row)


def tax_documents(
    *,
    organisation_id: int,
    where: DocumentFilter = EVERYTHING,
    limit: int = PAGE_SIZE_DEFAULT,
    before_id: UUID | None = None,
) -> Page[core.TaxDocument]:
    """Newest first; `next_cursor` is the id to continue before."""
    rows = _within(TaxDocument.objects.filter(organisation_id=organisation_id), where).order_by("-id")
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return page_of([_document(row) for row in rows.select_related("corrects")[: limit + 1]], limit)


def register(*, organisation_id: int, where: DocumentFilter) -> Iterator[core.TaxDocument]:
    """One organisation's documents in the order of their numbers, invoices first, for its accountant."""
    return _in_order(TaxDocument.objects.filter(organisation_id=organisation_id), where)


def register_of_everyone(*, where: DocumentFilter) -> Iterator[core.TaxDocument]:
    """The same over all organisations, for the operator's. Documents of test payments are left out."""
    return _in_order(TaxDocument.objects.filter(mode="live"), where)


def first_issued_at(*, organisation_id: int) -> datetime | None:
    """Of the oldest document; None where there is none."""
    oldest = TaxDocument.objects.filter(organisation_id=organisation_id).order_by("id")
    return oldest.values_list("issued_at", flat=True).first()


def document_pdf(document: core.TaxDocument) -> bytes:
    """The paper, made anew each time from what was frozen: the same bytes for the same document."""
    return rendered(document)


def _within(rows: "QuerySet[TaxDocument]", where: DocumentFilter) -> "QuerySet[TaxDocument]":
    if where.issued_after is not None:
        rows = rows.filter(issued_at__gte=where.issued_after)
    if where.issued_before is not None:
        rows = rows.filter(issued_at__lt=where.issued_before)
    return rows


def _in_order(rows: "QuerySet[TaxDocument]", where: DocumentFilter) -> Iterator[core.TaxDocument]:
    ordered = _within(rows, where).order_by("-kind", "series__financial_year", "series__prefix", "serial")
    return (_document(row) for row in ordered.select_related("corrects").iterator(_CHUNK))


def _one(rows: "QuerySet[TaxDocument]") -> core.TaxDocument:
    found = rows.select_related("corrects").first()
    if found is None:
        raise NotFound
    return _document(found)


def _document(row: TaxDocument) -> core.TaxDocument:
    return core.TaxDocument(
        id=row.id,
        public_id=row.public_id,
        kind=DocumentKind(row.kind),
        number=row.number,
        issued_at=row.issued_at,
        organisation_id=row.organisation_id,
        top_up_id=row.top_up_id,
        is_test=row.mode != "live",
        country=row.country,
        supplier=Party(**row.supplier),
        customer=Party(**row.customer),
        place_of_supply=row.place_of_supply,
        service_code=row.service_code,
        description=row.description,
        credits_micro=row.credits_micro,
        currency=row.currency,
        taxable_minor=row.taxable_minor,
        tax_lines=tuple(TaxLine(**line) for line in row.tax_lines),
        rounding_minor=row.rounding_minor,
        total_minor=row.total_minor,
        payment_ref=row.payment_ref,
        corrects=Correction(row.corrects.number, row.corrects.issued_at) if row.corrects is not None else None,
    )
