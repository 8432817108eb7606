"""Invoices: every tax document of the organisation, each as PDF, and all of a period as CSV for its accountant."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from khata.billing.documents.register import register_csv
from khata.billing.queries import invoices as documents
from khata.console.access import member_page
from khata.console.document_filter import DocumentFilterForm
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.kernel.clock import utc_now


@member_page
@require_safe
def page(request: MemberRequest) -> HttpResponse:
    form = _filter(request)
    walk = pager(request.GET)
    found = documents.tax_documents(
        organisation_id=request.organisation.id, where=form.document_filter, before_id=walk.before_id
    )
    shown = {
        "form": form,
        "documents": found.rows,
        "older": walk.older(found.next_cursor),
        "newer": walk.newer,
        "query": request.GET.urlencode(),
    }
    return render(request, "console/billing/invoices.html", shown)


@member_page
@require_safe
def pdf(request: MemberRequest, document_id: UUID) -> HttpResponse:
    document = documents.tax_document(organisation_id=request.organisation.id, document_id=document_id)
    response = HttpResponse(documents.document_pdf(document), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{document.file_name}"'
    return response


@member_page
@require_safe
def export(request: MemberRequest) -> HttpResponse:
    """The whole filter, in the order of numbers."""
    form = _filter(request)
    rows = documents.register(organisation_id=request.organisation.id, where=form.document_filter)
    # The mark in front tells spreadsheets that it is UTF-8.
    response = HttpResponse("\ufeff" + "".join(register_csv(rows)), content_type="text/csv; charset=utf-8")
    period = form.cleaned_data["period"] if form.is_valid() else ""
    response["Content-Disposition"] = f'attachment; filename="invoices-{period or "all"}.csv"'
    return response


def _filter(request: MemberRequest) -> DocumentFilterForm:
    first_at = documents.first_issued_at(organisation_id=request.organisation.id)
    return DocumentFilterForm(request.GET, first_at=first_at, now=utc_now())
