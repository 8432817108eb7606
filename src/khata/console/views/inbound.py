"""Logs → Inbound: what phones have sent."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from khata.console.access import member_page
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.console.words import CALM, OK, badge
from khata.messaging import inbound_queries as queries

_EFFECTS = {"stop": badge("Opted out", CALM), "start": badge("Opted in again", OK)}


@member_page
@require_safe
def inbound(request: MemberRequest) -> HttpResponse:
    walk = pager(request.GET)
    found = queries.inbound_messages(organisation_id=request.organisation.id, before_id=walk.before_id)
    shown = {
        "rows": [(row, _EFFECTS.get(row.keyword)) for row in found.rows],
        "older": walk.older(found.next_cursor),
        "newer": walk.newer,
    }
    return render(request, "console/logs/inbound.html", shown)
