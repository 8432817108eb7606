"""Senders: what the organisation is in India's register, and the names its messages may go by."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from khata.console.access import member_page, owner_action
from khata.console.forms import add_problems
from khata.console.requests import MemberRequest
from khata.console.template_forms import RegistrationForm, SenderForm
from khata.kernel.errors import InvalidRequest, NotFound
from khata.messaging import operations as messaging
from khata.messaging import template_queries as queries


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: MemberRequest) -> HttpResponse:
    return _change_registration(request) if request.method == "POST" else _draw(request)


@member_page
@require_POST
def add(request: MemberRequest) -> HttpResponse:
    form = SenderForm(request.POST)
    if form.is_valid():
        try:
            messaging.add_sender(organisation_id=request.organisation.id, name=form.cleaned_data["name"])
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, f"{form.cleaned_data['name']} is added.")
            return redirect("senders")
    return _draw(request, sender_form=form, status=422)


@member_page
@require_POST
def remove(request: MemberRequest) -> HttpResponse:
    form = SenderForm(request.POST)
    if not form.is_valid():
        raise NotFound
    name = form.cleaned_data["name"]
    try:
        messaging.remove_sender(organisation_id=request.organisation.id, name=name)
    except InvalidRequest as refusal:
        messages.error(request, refusal.errors[0]["detail"])
    else:
        messages.success(request, f"{name} is removed.")
    return redirect("senders")


@owner_action
def _change_registration(request: MemberRequest) -> HttpResponse:
    form = RegistrationForm(request.POST)
    if form.is_valid():
        try:
            messaging.change_registration(organisation_id=request.organisation.id, **form.cleaned_data)
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "Saved, in force from the next message on.")
            return redirect("senders")
    return _draw(request, form, status=422)


def _draw(
    request: MemberRequest,
    form: RegistrationForm | None = None,
    sender_form: SenderForm | None = None,
    status: int = 200,
) -> HttpResponse:
    registered = queries.registration(organisation_id=request.organisation.id)
    initial = {"entity_ref": registered.entity_ref, "is_checked": registered.is_checked}
    shown = {
        "form": form or RegistrationForm(initial=initial),
        "sender_form": sender_form or SenderForm(),
        "senders": queries.senders(organisation_id=request.organisation.id),
        "is_checked": registered.is_checked,
    }
    return render(request, "console/templates/senders.html", shown, status=status)
