"""What every callback shares: a body of bounded size, and answers that tell a stranger nothing."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError

BODY_BYTES_MAX = 262_144
_RETRY_AFTER_S = 30


def read_body(request: HttpRequest, *, bytes_max: int = BODY_BYTES_MAX) -> bytes | HttpResponse:
    """The raw bytes, or the answer to what cannot be read."""
    try:
        body = request.read(bytes_max + 1)
    except UnreadablePostError:
        return problem(HTTPStatus.BAD_REQUEST)
    return body if len(body) <= bytes_max else problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def lower_headers(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def problem(status: HTTPStatus) -> HttpResponse:
    """RFC 9457, with nothing in it that helps to guess a signature."""
    content = {"type": "about:blank", "title": status.phrase, "status": status.value}
    return JsonResponse(content, status=status, content_type="application/problem+json")


def come_again() -> HttpResponse:
    """The answer to what could not be stored: whoever called must tell it again."""
    answer = problem(HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers["retry-after"] = str(_RETRY_AFTER_S)
    return answer
