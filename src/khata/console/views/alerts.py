"""Alerts: when an organisation is told that its credits run low, who is told, and what was told."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from khata.console.access import member_page, owner_action
from khata.console.alert_form import AlertsForm, filled_in
from khata.console.forms import add_problems
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.console.words import BAD, CALM, WARN, badge
from khata.kernel.errors import InvalidRequest
from khata.notices import operations as notices
from khata.notices import queries
from khata.notices.core.kinds import NoticeKind
from khata.tenancy import queries as tenancy

_BADGES = {
    NoticeKind.LOW: badge("Low", WARN),
    NoticeKind.EMPTY: badge("Empty", BAD),
    NoticeKind.EXPIRY: badge("Expiring", CALM),
    NoticeKind.WEBHOOK: badge("Webhook disabled", WARN),
}


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def alerts(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        return _change(request)
    chosen = queries.alert_settings(organisation_id=request.organisation.id)
    return _draw(request, AlertsForm(initial=filled_in(chosen)))


@owner_action
def _change(request: MemberRequest) -> HttpResponse:
    form = AlertsForm(request.POST)
    if form.is_valid():
        try:
            notices.change_alert_settings(
                organisation_id=request.organisation.id,
                is_enabled=form.cleaned_data["is_enabled"],
                level_credits_micro=form.cleaned_data["level"],
                emails=form.addresses(),
            )
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "Alerts saved.")
            return redirect("alerts")
    return _draw(request, form, status=422)


def _draw(request: MemberRequest, form: AlertsForm, status: int = 200) -> HttpResponse:
    organisation_id = request.organisation.id
    walk, kind = pager(request.GET), _kind(request.GET.get("kind", ""))
    found = queries.notices(organisation_id=organisation_id, kind=kind, before_id=walk.before_id)
    shown = {
        "form": form,
        "owner_email": tenancy.owner_email(organisation_id=organisation_id),
        "notices": [(row, _BADGES[row.kind]) for row in found.rows],
        "kinds": [(each.value, _BADGES[each].word) for each in NoticeKind],
        "kind": kind,
        "older": walk.older(found.next_cursor),
        "newer": walk.newer,
    }
    return render(request, "console/billing/alerts.html", shown, status=status)


def _kind(text: str) -> NoticeKind | None:
    return next((kind for kind in NoticeKind if kind.value == text), None)
