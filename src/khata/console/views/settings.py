"""Settings, the theme, and naming an organisation for members who have none."""

from typing import cast

from django.conf import settings as site_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from khata.billing import operations as billing
from khata.console.access import member_page, owner_action
from khata.console.context import THEMES
from khata.console.country_list import names_in_words
from khata.console.forms import LimitsForm, OrganisationForm, add_problems
from khata.console.requests import ConsoleRequest, MemberRequest
from khata.kernel.errors import InvalidRequest
from khata.messaging.configuration import home_region
from khata.tenancy import operations as tenancy
from khata.tenancy.models import Member

_YEAR_S = 365 * 24 * 60 * 60
_LIMITS = ("messages_per_minute_max", "credits_per_day_max", "credits_per_month_max")


@member_page
@require_safe
def settings(request: MemberRequest) -> HttpResponse:
    return _draw(request, LimitsForm(initial={name: getattr(request.organisation, name) for name in _LIMITS}))


@owner_action
@require_POST
def limits(request: MemberRequest) -> HttpResponse:
    form = LimitsForm(request.POST)
    if form.is_valid():
        try:
            tenancy.change_sending_limits(
                organisation_id=request.organisation.id, **{name: form.cleaned_data[name] for name in _LIMITS}
            )
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "Sending limits are changed, from the next message on.")
            return redirect("settings")
    return _draw(request, form, status=422)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keeps the choice in a cookie of this browser; works signed out, too."""
    chosen = request.POST.get("theme", "")
    response = redirect(_safe_next(request))
    if chosen in THEMES:
        response.set_cookie(
            "theme", chosen, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=site_settings.ENVIRONMENT.is_https
        )
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_new(request: HttpRequest) -> HttpResponse:
    if cast("ConsoleRequest", request).membership is not None:
        return redirect("dashboard")
    form = OrganisationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            billing.open_organisation(name=form.cleaned_data["name"], owner=cast("Member", request.user))
            return redirect("dashboard")
        except InvalidRequest as refusal:
            add_problems(form, refusal)
    return render(request, "console/organisation_new.html", {"form": form}, status=422 if form.is_bound else 200)


def _draw(request: MemberRequest, form: LimitsForm, status: int = 200) -> HttpResponse:
    countries = names_in_words([home_region(), *request.organisation.countries])
    shown = {"themes": THEMES, "form": form, "countries": countries}
    return render(request, "console/settings.html", shown, status=status)


def _safe_next(request: HttpRequest) -> str:
    address = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else "/"
