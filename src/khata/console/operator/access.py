"""Who may see the operator's pages: operators; to everybody else there are none."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from khata.billing.operations.operator_actions import Deed
from khata.console.context import theme_of
from khata.console.refusals import refusal
from khata.kernel.errors import KhataError, NotFound
from khata.kernel.ids import new_uuid
from khata.tenancy.models import Member


class OperatorRequest(HttpRequest):
    """A request of a signed-in operator, who may belong to no organisation."""

    user: Member


OperatorView = Callable[..., HttpResponse]


def operator_page(view: OperatorView) -> Callable[..., HttpResponse]:
    """Answers 404 to whoever is no operator, signed in or not: nobody learns what there would be."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (request.user.is_authenticated and request.user.is_superuser):
            raise Http404
        try:
            response = view(cast("OperatorRequest", request), *args, **kwargs)
        except NotFound as error:
            raise Http404 from error
        except KhataError as error:
            response = refusal(request, error)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return guarded


def draw(request: OperatorRequest, template: str, area: str, status: int = 200, **shown: object) -> HttpResponse:
    """A page inside the operator's frame; `area` is its entry of the sidebar."""
    frame = {"operator_area": area, "theme": theme_of(request), "is_sandbox": settings.ENVIRONMENT.is_sandbox}
    return render(request, f"console/operator/{template}.html", {**frame, **shown, "token": new_uuid()}, status=status)


def deed_of(request: OperatorRequest, reason: str = "") -> Deed:
    """What the form's token makes happen once; a form without a usable one is a deed of its own."""
    try:
        action_id = UUID(request.POST.get("token", ""))
    except ValueError:
        action_id = new_uuid()
    return Deed(action_id, request.user.id, reason)
