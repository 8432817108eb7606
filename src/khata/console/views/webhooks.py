"""Webhooks: the endpoints, one endpoint with its deliveries, one delivery with every attempt."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from khata.console.access import member_page, owner_action
from khata.console.forms import add_problems
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.console.webhook_form import WebhookEndpointForm, filled_in
from khata.console.webhook_words import attempt_words, delivery_badge, endpoint_badge, endpoint_sentence
from khata.kernel.errors import InvalidRequest
from khata.webhooks import operations, queries
from khata.webhooks.core.retries import ATTEMPTS_MAX, DeliveryState
from khata.webhooks.errors import WebhookEndpointLimitReached

_DELIVERIES_COUNT = 50


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: MemberRequest) -> HttpResponse:
    return _create(request) if request.method == "POST" else _draw_list(request, WebhookEndpointForm())


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    if request.method == "POST":
        return _change(request, endpoint_id)
    found = queries.endpoint(organisation_id=request.organisation.id, endpoint_id=endpoint_id)
    return _draw_endpoint(request, endpoint_id, WebhookEndpointForm(initial=filled_in(found)))


@owner_action
@require_POST
def test(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    operations.send_test_event(organisation_id=request.organisation.id, endpoint_id=endpoint_id)
    messages.success(request, "A test event is on its way. How it went shows below.")
    return redirect("webhook_endpoint", endpoint_id)


@owner_action
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """Asks first; the new secret is shown once, in the answer to the form."""
    found = queries.endpoint(organisation_id=request.organisation.id, endpoint_id=endpoint_id)
    if request.method != "POST":
        return render(request, "console/developers/webhook_rotate.html", {"endpoint": found})
    secret = operations.rotate_secret(organisation_id=request.organisation.id, endpoint_id=endpoint_id)
    return _draw_endpoint(request, endpoint_id, WebhookEndpointForm(initial=filled_in(found)), secret=secret)


@owner_action
@require_POST
def switch(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """On or off, as the button said when it was drawn."""
    is_enabled = request.POST.get("to") == "on"
    operations.change_endpoint(organisation_id=request.organisation.id, endpoint_id=endpoint_id, is_enabled=is_enabled)
    messages.success(request, "Enabled." if is_enabled else "Disabled: nothing is sent to it.")
    return redirect("webhook_endpoint", endpoint_id)


@owner_action
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """Asks first."""
    found = queries.endpoint(organisation_id=request.organisation.id, endpoint_id=endpoint_id)
    if request.method != "POST":
        return render(request, "console/developers/webhook_delete.html", {"endpoint": found})
    operations.delete_endpoint(organisation_id=request.organisation.id, endpoint_id=endpoint_id)
    messages.success(request, "The endpoint is deleted.")
    return redirect("webhooks")


@member_page
@require_safe
def delivery(request: MemberRequest, delivery_id: UUID) -> HttpResponse:
    found = queries.delivery(organisation_id=request.organisation.id, delivery_id=delivery_id)
    shown = {
        "delivery": found,
        "badge": delivery_badge(found),
        "body": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
        "attempts": [(row, attempt_words(row)) for row in reversed(found.attempts)],
        "attempts_max": ATTEMPTS_MAX,
        "is_open": found.state is DeliveryState.PENDING,
    }
    return render(request, "console/developers/webhook_delivery.html", shown)


@owner_action
@require_POST
def resend(request: MemberRequest, delivery_id: UUID) -> HttpResponse:
    again = operations.resend(organisation_id=request.organisation.id, delivery_id=delivery_id)
    messages.success(request, "It is on its way again, with the same webhook-id.")
    return redirect("webhook_delivery", again)


@owner_action
def _create(request: MemberRequest) -> HttpResponse:
    form = WebhookEndpointForm(request.POST)
    if form.is_valid():
        try:
            endpoint_id, secret = operations.create_endpoint(
                organisation_id=request.organisation.id, **form.cleaned_data
            )
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        except WebhookEndpointLimitReached as refusal:
            form.add_error(None, refusal.detail)
        else:
            found = queries.endpoint(organisation_id=request.organisation.id, endpoint_id=endpoint_id)
            return _draw_endpoint(request, endpoint_id, WebhookEndpointForm(initial=filled_in(found)), secret=secret)
    return _draw_list(request, form, status=422)


@owner_action
def _change(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    form = WebhookEndpointForm(request.POST)
    if form.is_valid():
        try:
            operations.change_endpoint(
                organisation_id=request.organisation.id, endpoint_id=endpoint_id, **form.cleaned_data
            )
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "Endpoint saved.")
            return redirect("webhook_endpoint", endpoint_id)
    return _draw_endpoint(request, endpoint_id, form, status=422)


def _draw_list(request: MemberRequest, form: WebhookEndpointForm, status: int = 200) -> HttpResponse:
    found = queries.endpoints(organisation_id=request.organisation.id)
    shown = {"form": form, "endpoints": [(row, endpoint_badge(row)) for row in found]}
    return render(request, "console/developers/webhooks.html", shown, status=status)


def _draw_endpoint(
    request: MemberRequest, endpoint_id: UUID, form: WebhookEndpointForm, status: int = 200, secret: str = ""
) -> HttpResponse:
    organisation_id, walk = request.organisation.id, pager(request.GET)
    found = queries.endpoint(organisation_id=organisation_id, endpoint_id=endpoint_id)
    page = queries.deliveries(
        organisation_id=organisation_id, endpoint_id=endpoint_id, before_id=walk.before_id, limit=_DELIVERIES_COUNT
    )
    shown = {
        "endpoint": found,
        "badge": endpoint_badge(found),
        "sentence": endpoint_sentence(found),
        "form": form,
        "secret": secret,
        "deliveries": [(row, delivery_badge(row), attempt_words(row.last_attempt)) for row in page.rows],
        "is_open": not walk.before and any(row.state is DeliveryState.PENDING for row in page.rows),
        "older": walk.older(page.next_cursor),
        "newer": walk.newer,
    }
    return render(request, "console/developers/webhook.html", shown, status=status)
