"""Suppressed addresses: which, why, and forgiving one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from khata.console.access import member_page
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.mail import operations, queries


@member_page
@require_safe
def page(request: MemberRequest) -> HttpResponse:
    walk = pager(request.GET)
    found = queries.suppressions(organisation_id=request.organisation.id, before_id=_uuid(walk.before))
    shown = {"rows": found.rows, "older": walk.older(found.next_cursor), "newer": walk.newer}
    return render(request, "console/logs/suppressions.html", shown)


@member_page
@require_POST
def forgive(request: MemberRequest, suppression_id: UUID) -> HttpResponse:
    operations.forgive(organisation_id=request.organisation.id, suppression_id=suppression_id)
    messages.success(request, "E-mails may go to this address again.")
    return redirect("suppressions")


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
