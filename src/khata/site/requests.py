"""Around every request, whichever framework answers it: an id, its line in the log, its place in the metrics.

The lines are written straight to stderr: as records of `logging` they would cost a sixth of what accepting a message
does (docs/decisions/0013-seeing-inside.md).
"""

import time
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from khata.kernel.clock import utc_now
from khata.kernel.facts import REQUEST_ID, about, new_request_id, note
from khata.kernel.ids import public_organisation_id
from khata.kernel.metrics import REFUSALS, REQUEST_SECONDS, REQUESTS
from khata.site.log_lines import LineFormatter, LineWriter

LOGGER = "khata.access"
NO_STATUS = 0
"""Of a request that ended without an answer: its sender had gone away."""

_DOORS = {"v1": "api", "callbacks": "callbacks", "static": "static"}
_PROBES = frozenset({"healthz", "readyz", "metrics"})


def observed(application: Any, lines: LineFormatter, *, has_access_log: bool = True) -> Any:
    """The same ASGI application, seen from outside. Requests carry the id as a fact, answers as `x-request-id`."""
    redact, writer = lru_cache(maxsize=4_096)(lines.redact), LineWriter()

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        began, status = time.perf_counter(), NO_STATUS

        async def send_with_id(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", known[REQUEST_ID].encode())]
            await send(message)

        with about(**{REQUEST_ID: new_request_id()}) as known:
            try:
                await application(scope, receive, send_with_id)
            finally:
                took_s, door = time.perf_counter() - began, _door(scope["path"])
                _count(door, status, took_s, known)
                if has_access_log and (door != "probe" or status >= 400):
                    writer.write(_line(lines, scope["method"], redact(scope["path"]), status, took_s, known))

    return serve


def note_organisation(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """Django middleware: whom a signed-in request speaks for, once the console's own middleware knows."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        organisation = getattr(request, "organisation", None)
        if organisation is not None:
            note(organisation=public_organisation_id(organisation.id))
        return get_response(request)

    return middleware


def _door(path: str) -> str:
    first = path[1:].partition("/")[0]
    return "probe" if first in _PROBES else _DOORS.get(first, "console")


def _count(door: str, status: int, took_s: float, known: Mapping[str, str]) -> None:
    requests, seconds = _measures(door, status)
    requests.inc()
    seconds.observe(took_s)
    if "refusal" in known:
        REFUSALS.labels(known["refusal"]).inc()


@cache
def _measures(door: str, status: int) -> tuple[Any, Any]:
    return REQUESTS.labels(door, str(status)), REQUEST_SECONDS.labels(door)


def _line(lines: LineFormatter, method: str, path: str, status: int, took_s: float, known: Mapping[str, str]) -> str:
    """Path without query: tokens of sign-in links stand there. What is known was made by us and needs no redaction."""
    told = {**known, "method": method, "path": path, "status": status, "ms": round(took_s * 1000)}
    level = "error" if status >= 500 else "info"
    return lines.line(utc_now(), level, LOGGER, f"{method} {path} {status}", told)
