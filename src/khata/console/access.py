"""Who may see a page: decorators every view of the console wears."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect

from khata.console.errors import NotAnOwner
from khata.console.refusals import refusal
from khata.console.requests import ConsoleRequest, MemberRequest
from khata.kernel.errors import KhataError, NotFound

MemberView = Callable[..., HttpResponse]


def member_page(view: MemberView) -> Callable[..., HttpResponse]:
    """Lets members of an organisation in; others sign in, or name their organisation, first.

    What an operation refuses and the view does not explain itself becomes a page that does; what belongs to another
    organisation is as missing as what never was.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        visitor = cast("ConsoleRequest", request)
        if not visitor.user.is_authenticated:
            return _to_sign_in(visitor)
        if visitor.membership is None:
            return redirect("organisation_new")
        try:
            response = view(cast("MemberRequest", request), *args, **kwargs)
        except NotFound as error:
            raise Http404 from error
        except KhataError as error:
            response = refusal(request, error)
        # Pages tell balances and phone numbers: no cache between us and the browser may keep them.
        patch_cache_control(response, private=True, no_cache=True)
        return response

    return guarded


def owner_action(view: MemberView) -> Callable[..., HttpResponse]:
    """For what moves money or keys: a member who is no owner is told whom to ask."""

    @member_page
    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.membership.is_owner:
            return refusal(request, NotAnOwner(f"Ask an owner: {', '.join(owner_names(request))}."))
        return view(request, *args, **kwargs)

    return guarded


def owner_names(request: MemberRequest) -> list[str]:
    owners = request.organisation.members.filter(memberships__role="owner").distinct()
    return [owner.name or owner.email for owner in owners]


def _to_sign_in(request: ConsoleRequest) -> HttpResponse:
    if request.htmx:
        return HttpResponseClientRedirect(redirect_to_login(request.htmx.current_url_abs_path or "/")["Location"])
    return redirect_to_login(request.get_full_path())
