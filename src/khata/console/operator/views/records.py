"""What the installation keeps: proofs of every credit, webhooks as they came, and what operators did."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from khata.billing.operations import operator_actions
from khata.billing.queries import operator as queries
from khata.console.operator.access import OperatorRequest, deed_of, draw, operator_page
from khata.console.paging import pager
from khata.ledger.figures import proof_runs

_PROOFS_SHOWN = 20


@operator_page
@require_safe
def proof(request: OperatorRequest) -> HttpResponse:
    interval = timedelta(minutes=settings.ENVIRONMENT.proof_interval_minutes)
    return draw(request, "proof", "proof", runs=proof_runs(limit=_PROOFS_SHOWN), interval=interval)


@operator_page
@require_POST
def prove(request: OperatorRequest) -> HttpResponse:
    operator_actions.prove_now(deed_of(request))
    messages.success(request, "The worker proves it now. Reload this page in a moment.")
    return redirect("operator_proof")


@operator_page
@require_safe
def webhooks(request: OperatorRequest) -> HttpResponse:
    pages = pager(request.GET)
    is_waiting = request.GET.get("show") == "waiting"
    page = queries.webhooks(is_waiting=is_waiting, before_id=pages.before_id)
    older, newer = pages.older(page.next_cursor), pages.newer
    return draw(request, "webhooks", "webhooks", rows=page.rows, is_waiting=is_waiting, older=older, newer=newer)


@operator_page
@require_safe
def audit(request: OperatorRequest) -> HttpResponse:
    pages = pager(request.GET)
    page = queries.operator_actions(before_id=pages.before_id)
    older, newer = pages.older(page.next_cursor), pages.newer
    return draw(request, "audit", "audit", rows=page.rows, older=older, newer=newer)
