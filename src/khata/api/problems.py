"""Refusals as RFC 9457 problem documents: one table from kinds to HTTP statuses."""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from khata.api.errors import STATUS_EXCEPTIONS
from khata.kernel.errors import ErrorKind, KhataError
from khata.kernel.facts import note, request_id
from khata.messaging.errors import IdempotencyKeyInFlight

logger = logging.getLogger(__name__)

STATUSES: dict[ErrorKind, int] = {
    ErrorKind.INVALID: 422,
    ErrorKind.REFUSED: 422,
    ErrorKind.UNPAID: 402,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.MISSING: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.THROTTLED: 429,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.MISCONFIGURED: 500,
    ErrorKind.UNSUPPORTED: 422,
}
RETRY_AFTER_S = 2

_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}


def status_of(error: type[KhataError]) -> int:
    return STATUS_EXCEPTIONS.get(error, STATUSES[error.kind])


def refuse(request: Request[Any, Any, Any], error: KhataError) -> Response[bytes]:
    """The answer to a condition of ours."""
    status = status_of(type(error))
    extra = {name: value for name, value in error.extra.items() if not name.endswith("_micro")}
    headers = {}
    if error.kind is ErrorKind.UNAVAILABLE or isinstance(error, IdempotencyKeyInFlight):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if error.kind is ErrorKind.THROTTLED:
        headers["Retry-After"] = str(error.extra["retry_after_s"])
    if error.kind is ErrorKind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(request, status, error.code(), error.detail, extra, headers)


def refuse_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """The answer to what the framework itself refuses (unknown path, wrong method)."""
    status = error.status_code
    code = _HTTP_CODES.get(status, "malformed_request" if status < 500 else "internal_error")
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return problem(request, status, code, HTTPStatus(status).phrase, {}, headers)


def refuse_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A slip of ours: logged whole, told without internals."""
    logger.error("request %s failed", request_id(), exc_info=error)
    detail = "Something went wrong on our side. A request with an Idempotency-Key may be repeated safely."
    return problem(request, 500, "internal_error", detail, {}, {})


def problem(
    request: Request[Any, Any, Any], status: int, code: str, detail: str, extra: dict[str, Any], headers: dict[str, str]
) -> Response[bytes]:
    note(refusal=code)
    document = {
        "type": f"/v1/docs/errors/{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id(),
        **extra,
    }
    return Response(
        msgspec.json.encode(document),
        status_code=status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **headers},
    )
