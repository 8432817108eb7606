"""A payment's page in all its states, the way to the gateway, and what can be done about a payment."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from khata.billing import operations as billing
from khata.billing import queries as billing_queries
from khata.billing.errors import TopUpClosed
from khata.billing.queries import TopUpPurpose, TopUpRow
from khata.console.access import member_page, owner_action
from khata.console.payment_words import Action, asking_mail, payment_words
from khata.console.requests import MemberRequest
from khata.console.upi_codes import upi_code
from khata.console.views.add_credits import next_address
from khata.kernel.errors import NotFound
from khata.payments.port import AutoPostForm
from khata.payments.registry import gateways

# Looks after every 2 s, then 5 s; once two minutes have passed, 30 s.
_FAST_LOOKS, _MEDIUM_LOOKS = 15, 33
_FAST_S, _MEDIUM_S, _SLOW_S = 2, 5, 30


@never_cache
@require_safe
def payment(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """Members see all of it; visitors (the return from the gateway brings no cookie) only how it stands."""
    if request.user.is_authenticated:
        return _member_payment(request, top_up_id)
    try:
        top_up = billing_queries.top_up_for_anyone(top_up_id=top_up_id)
    except NotFound:
        top_up = None
    shown = {"top_up": top_up, "words": payment_words(top_up) if top_up else None, "poll_s": _MEDIUM_S}
    return render(request, "console/billing/payment_status.html", shown, status=200 if top_up else 404)


@member_page
def _member_payment(request: MemberRequest, top_up_id: UUID) -> HttpResponse:
    top_up = _top_up(request, top_up_id)
    words = payment_words(top_up)
    looks = _looks(request)
    shown = {
        "top_up": top_up,
        "words": words,
        "looks": looks + 1,
        "poll_s": _poll_s(looks),
        "code_image": upi_code(top_up.upi_uri) if words.action is Action.PAY and top_up.upi_uri else "",
        "asking_mail": asking_mail(top_up),
    }
    if not request.htmx:
        return render(request, "console/billing/payment.html", shown)
    response = render(request, "console/billing/_payment.html", shown)
    if not words.is_open:
        # Now the header's balance, the title and the buttons change as well.
        response["HX-Refresh"] = "true"
    return response


@owner_action
@never_cache
@require_safe
def checkout(request: MemberRequest, top_up_id: UUID) -> HttpResponse:
    """Sends the browser to the gateway: by itself with JavaScript, by a button without."""
    top_up = _top_up(request, top_up_id)
    try:
        start = billing.begin_checkout(organisation_id=request.organisation.id, top_up_id=top_up_id)
    except TopUpClosed:
        return redirect("payment", top_up_id)
    if not isinstance(start, AutoPostForm):
        return redirect(start.url)
    return render(request, "console/billing/checkout.html", {"top_up": top_up, "start": start})


@member_page
@require_POST
def check(request: MemberRequest, top_up_id: UUID) -> HttpResponse:
    """Asks the gateway now."""
    try:
        billing.look_again(organisation_id=request.organisation.id, top_up_id=top_up_id)
    except (billing.GatewayUnavailable, billing.GatewayRefused) as refusal:
        messages.error(request, refusal.detail)
    return redirect("payment", top_up_id)


@owner_action
@require_POST
def cancel(request: MemberRequest, top_up_id: UUID) -> HttpResponse:
    billing.cancel_top_up(organisation_id=request.organisation.id, top_up_id=top_up_id)
    return redirect("payment", top_up_id)


@owner_action
@require_POST
def again(request: MemberRequest, top_up_id: UUID) -> HttpResponse:
    """A new top-up of the same amount; a second click on the same failure leads to the same one."""
    top_up = _top_up(request, top_up_id)
    if top_up.purpose is TopUpPurpose.PLAN:
        return redirect(next_address(_pay_plan_again(request, top_up)))
    fresh = billing.start_top_up(
        organisation_id=request.organisation.id,
        amount_minor=top_up.amount_minor,
        idempotency_key=f"console:again:{top_up.public_id}",
        member_id=request.user.id,
        gateway_code=next((gateway.code for gateway in gateways() if gateway.code == top_up.gateway_code), None),
        pay_by=top_up.pay_by,
    )
    return redirect(next_address(fresh))


def _pay_plan_again(request: MemberRequest, top_up: TopUpRow) -> TopUpRow:
    return billing.pay_plan_again(
        organisation_id=request.organisation.id,
        top_up_id=top_up.id,
        idempotency_key=f"console:again:{top_up.public_id}",
        member_id=request.user.id,
    )


def _top_up(request: MemberRequest, top_up_id: UUID) -> TopUpRow:
    return billing_queries.top_up(organisation_id=request.organisation.id, top_up_id=top_up_id)


def _looks(request: MemberRequest) -> int:
    text = request.GET.get("look", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _poll_s(looks: int) -> int:
    if looks < _FAST_LOOKS:
        return _FAST_S
    return _MEDIUM_S if looks < _MEDIUM_LOOKS else _SLOW_S
