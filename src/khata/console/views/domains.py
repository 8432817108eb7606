"""Sending domains: added, published by their owner, checked, removed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from khata.console.access import member_page, owner_action
from khata.console.forms import add_problems
from khata.console.mail_forms import DomainForm
from khata.console.requests import MemberRequest
from khata.kernel.errors import InvalidRequest
from khata.mail import operations, queries
from khata.mail.errors import DomainExists, DomainLimitReached


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def domains(request: MemberRequest) -> HttpResponse:
    return _add(request) if request.method == "POST" else _draw(request, DomainForm())


@member_page
@require_safe
def domain(request: MemberRequest, domain_id: UUID) -> HttpResponse:
    found = queries.domain(organisation_id=request.organisation.id, domain_id=domain_id)
    return render(request, "console/send/domain.html", {"domain": found})


@member_page
@require_POST
def check(request: MemberRequest, domain_id: UUID) -> HttpResponse:
    organisation_id = request.organisation.id
    operations.check_domain(organisation_id=organisation_id, domain_id=domain_id)
    found = queries.domain(organisation_id=organisation_id, domain_id=domain_id)
    if found.is_verified:
        messages.success(request, f"{found.name} is verified: e-mail may be sent from it.")
    else:
        messages.warning(request, "The key was not found yet. DNS can take a while; check again later.")
    return redirect("domain", found.id)


@owner_action
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: MemberRequest, domain_id: UUID) -> HttpResponse:
    """Asks first."""
    found = queries.domain(organisation_id=request.organisation.id, domain_id=domain_id)
    if request.method != "POST":
        return render(request, "console/send/domain_remove.html", {"domain": found})
    operations.remove_domain(organisation_id=request.organisation.id, domain_id=domain_id)
    messages.success(request, f"{found.name} is removed.")
    return redirect("domains")


@owner_action
def _add(request: MemberRequest) -> HttpResponse:
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            domain_id = operations.add_domain(organisation_id=request.organisation.id, name=form.cleaned_data["name"])
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        except (DomainExists, DomainLimitReached) as refusal:
            form.add_error("name", refusal.detail)
        else:
            return redirect("domain", domain_id)
    return _draw(request, form, status=422)


def _draw(request: MemberRequest, form: DomainForm, status: int = 200) -> HttpResponse:
    shown = {"form": form, "domains": queries.domains(organisation_id=request.organisation.id)}
    return render(request, "console/send/domains.html", shown, status=status)
