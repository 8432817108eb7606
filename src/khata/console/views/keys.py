"""API Keys: the list, making one (its text is shown once, in the answer to the form), revoking one."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from khata.console.access import member_page, owner_action
from khata.console.forms import ApiKeyForm, add_problems
from khata.console.requests import MemberRequest
from khata.kernel.errors import InvalidRequest, NotFound
from khata.tenancy import operations as tenancy
from khata.tenancy import queries as tenancy_queries


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: MemberRequest) -> HttpResponse:
    return _create(request) if request.method == "POST" else _draw(request, ApiKeyForm())


@owner_action
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: MemberRequest, api_key_id: UUID) -> HttpResponse:
    """Asks first: whatever uses the key stops at once."""
    key = next(
        (row for row in tenancy_queries.api_keys(organisation_id=request.organisation.id) if row.id == api_key_id), None
    )
    if key is None:
        raise NotFound
    if request.method != "POST":
        return render(request, "console/developers/revoke.html", {"key": key})
    tenancy.revoke_api_key(organisation_id=request.organisation.id, api_key_id=api_key_id)
    messages.success(request, f"API key “{key.name}” is revoked.")
    return redirect("keys")


@owner_action
def _create(request: MemberRequest) -> HttpResponse:
    form = ApiKeyForm(request.POST)
    if form.is_valid():
        try:
            _, text = tenancy.create_api_key(
                organisation_id=request.organisation.id,
                name=form.cleaned_data["name"],
                created_by=request.user,
                mode="test" if settings.ENVIRONMENT.is_sandbox else "live",
                scopes=tuple(form.cleaned_data["scopes"]),
                messages_per_minute_max=form.cleaned_data["messages_per_minute_max"],
            )
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            return _draw(request, ApiKeyForm(), key_text=text)
    return _draw(request, form, status=422)


def _draw(request: MemberRequest, form: ApiKeyForm, status: int = 200, key_text: str = "") -> HttpResponse:
    shown = {
        "form": form,
        "keys": tenancy_queries.api_keys(organisation_id=request.organisation.id),
        "key_text": key_text,
        "api_url": settings.ENVIRONMENT.base_url,
    }
    return render(request, "console/developers/keys.html", shown, status=status)
