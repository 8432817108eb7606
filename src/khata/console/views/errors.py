"""Pages for what went wrong: what happened, whether anything was charged, one way on."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

from khata.console.refusals import error_page
from khata.kernel.errors import DatabaseUnavailable

RETRY_AFTER_S = 5


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 400, "We could not read this request", "Nothing was changed and nothing was charged.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, "Not allowed", "You may not see this page. Nothing was changed.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = "This form was open too long, or cookies are off. Nothing was changed and nothing was charged."
    return error_page(request, 403, "Please send the form again", detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = "It was moved, never existed, or belongs to another organisation."
    return error_page(request, 404, "There is no such page", detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """Needs no database: what failed may be the database, and then it is back in a moment."""
    is_database_away = isinstance(sys.exc_info()[1], DatabaseUnavailable | OperationalError | InterfaceError)
    page = loader.get_template("500.html").render({"is_database_away": is_database_away})
    if not is_database_away:
        return HttpResponse(page, status=500)
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
