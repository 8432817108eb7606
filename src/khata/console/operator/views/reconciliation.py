"""Reconciliation: the comparisons made, the differences found, and how to close one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from khata.billing.operations import operator_actions, operator_reviews
from khata.billing.operations.operator_actions import Deed
from khata.billing.queries import operator as operator_queries
from khata.billing.queries import reconciliation as queries
from khata.console.operator.access import OperatorRequest, deed_of, draw, operator_page
from khata.console.operator.asking import Question, ask
from khata.console.operator.forms import ReasonForm
from khata.console.paging import pager

_AREA = "reconciliation"


@operator_page
@require_safe
def reconciliation(request: OperatorRequest) -> HttpResponse:
    pages = pager(request.GET)
    is_open = request.GET.get("show") != "closed"
    page = queries.findings(is_open=is_open, before_id=pages.before_id)
    return draw(
        request,
        "reconciliation",
        _AREA,
        is_open=is_open,
        findings=page.rows,
        runs=queries.runs(),
        settlements=queries.settlements(),
        older=pages.older(page.next_cursor),
        newer=pages.newer,
    )


@operator_page
@require_POST
def reconcile(request: OperatorRequest) -> HttpResponse:
    operator_actions.reconcile_now(deed_of(request))
    messages.success(request, "The worker compares the last five days now. Reload this page in a moment.")
    return redirect("operator_reconciliation")


@operator_page
@require_safe
def finding(request: OperatorRequest, finding_id: UUID) -> HttpResponse:
    found = queries.finding(finding_id=finding_id)
    actions = operator_queries.operator_actions(subject=found.ref).rows
    return draw(request, "finding", _AREA, finding=found, actions=actions)


@operator_page
@require_POST
def repair(request: OperatorRequest, finding_id: UUID) -> HttpResponse:
    operator_reviews.repair_finding(deed_of(request), finding_id=finding_id)
    if queries.finding(finding_id=finding_id).is_open:
        messages.warning(request, "Asked again: the difference is still there.")
    else:
        messages.success(request, "Asked again: both sides match now.")
    return redirect("operator_finding", finding_id)


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def look_at(request: OperatorRequest, finding_id: UUID) -> HttpResponse:
    found = queries.finding(finding_id=finding_id)
    question = Question(
        area=_AREA,
        title=f"Mark {found.ref} as looked at?",
        consequences=("No money and no credits move. It opens again by itself if its figures change.",),
        button="Mark as looked at",
        done="Marked as looked at.",
        back=reverse("operator_finding", args=[finding_id]),
    )

    def act(deed: Deed, form: ReasonForm) -> None:
        operator_reviews.look_at_finding(deed, finding_id=finding_id)

    return ask(request, question, act)
