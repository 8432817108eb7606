"""Settings → Countries: where messages may go, and what a segment costs there."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from khata.console.access import member_page, owner_action
from khata.console.country_list import country_list, is_like, names_in_words
from khata.console.requests import MemberRequest
from khata.messaging.configuration import home_region
from khata.tenancy import operations as tenancy

_FIND_LENGTH_MAX = 60


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def countries(request: MemberRequest) -> HttpResponse:
    """Looking a country up is part of the form, so that ticks that are not saved yet are kept."""
    if request.method != "POST":
        return _draw(request, set(request.organisation.countries))
    ticked = set(request.POST.getlist("region"))
    if request.POST.get("action") == "save":
        return _save(request, ticked)
    return _draw(request, ticked, request.POST.get("find", "").strip()[:_FIND_LENGTH_MAX])


@owner_action
def _save(request: MemberRequest, ticked: set[str]) -> HttpResponse:
    tenancy.allow_countries(organisation_id=request.organisation.id, regions=ticked)
    home = home_region()
    allowed = [home, *(country.region for country in country_list(ticked, home) if country.is_allowed)]
    messages.success(request, f"From the next message on they may go to {names_in_words(allowed)}.")
    return redirect("countries")


def _draw(request: MemberRequest, ticked: set[str], find: str = "") -> HttpResponse:
    listed = country_list(ticked, home_region())
    found = [country for country in listed if is_like(country, find)]
    shown = {
        "find": find,
        "find_length_max": _FIND_LENGTH_MAX,
        "home": listed[0],
        "countries": found,
        "unseen": sorted(ticked - {country.region for country in found}),
    }
    return render(request, "console/countries.html", shown)
