"""What an operation refused, as a page: what happened, whether anything was charged, one way on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from khata.kernel.errors import ErrorKind, KhataError

STATUSES = {
    ErrorKind.INVALID: 422,
    ErrorKind.REFUSED: 422,
    ErrorKind.UNPAID: 402,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.MISSING: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.THROTTLED: 429,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.MISCONFIGURED: 503,
    ErrorKind.UNSUPPORTED: 422,
}

_TITLES = {
    402: "Not enough credits",
    403: "Not allowed",
    409: "Changed in the meantime",
    422: "That did not work",
    429: "Too many at once",
    503: "Not available right now",
}


def refusal(request: HttpRequest, error: KhataError) -> HttpResponse:
    """The page for what an operation refused and no form explains."""
    status = STATUSES[error.kind]
    return error_page(request, status, _TITLES.get(status, "That did not work"), error.detail)


def error_page(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    return render(request, "console/error.html", {"title": title, "detail": detail}, status=status)
