"""Which organisation a request speaks for, and in which time zone its page is written."""

from collections.abc import Callable
from typing import cast
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from khata.console.requests import ConsoleRequest
from khata.tenancy import queries as tenancy


class OrganisationMiddleware:
    """Sets `request.membership` and `request.organisation`; both None for visitors and for members of none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, incoming: HttpRequest) -> HttpResponseBase:
        request = cast("ConsoleRequest", incoming)
        request.membership = request.organisation = None
        if request.user.is_authenticated:
            request.membership = next(iter(tenancy.memberships(member_id=request.user.pk)), None)
        if request.membership is None:
            return self.get_response(request)
        request.organisation = tenancy.organisation(organisation_id=request.membership.organisation_id)
        with timezone.override(ZoneInfo(request.organisation.time_zone)):
            return self.get_response(request)
