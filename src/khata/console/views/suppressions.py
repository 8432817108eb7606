"""Suppressed addresses: which, why, and allowing one again."""

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
    found = queries.suppressions(organisation_id=request.organisation.id, before_id=walk.before_id)
    shown = {"rows": found.rows, "older": walk.older(found.next_cursor), "newer": walk.newer}
    return render(request, "console/logs/suppressions.html", shown)


@member_page
@require_POST
def lift(request: MemberRequest, suppression_id: UUID) -> HttpResponse:
    operations.lift_suppression(organisation_id=request.organisation.id, suppression_id=suppression_id)
    messages.success(request, "E-mails may go to this address again.")
    return redirect("suppressions")
