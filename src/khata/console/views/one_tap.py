"""Where the one-tap link of a mail leads: Add Credits with the amount filled in. It changes nothing by itself."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from khata.console.access import member_page
from khata.console.requests import MemberRequest
from khata.kernel.money import money_text
from khata.notices.one_tap import OneTapLinkInvalid, read_one_tap

_TOO_OLD = "This link is no longer good. Choose an amount here."


@member_page
@never_cache
@require_safe
def one_tap(request: MemberRequest) -> HttpResponse:
    """Whoever is not logged in does that first, as for every page."""
    try:
        tap = read_one_tap(request.GET.get("link", ""))
    except OneTapLinkInvalid:
        messages.warning(request, _TOO_OLD)
        return redirect("add_credits")
    if tap.organisation_id != request.organisation.id:
        messages.warning(
            request, f"This link is for another organisation. Here you add credits to {request.organisation.name}."
        )
        return redirect("add_credits")
    return redirect(f"{reverse('add_credits')}?amount={money_text(tap.amount_minor).removesuffix('.00')}")
