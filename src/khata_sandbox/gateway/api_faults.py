"""What a network and a busy API can do to one call, as far as switches say so."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from khata_sandbox.gateway.errors import server_error, too_many_requests
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.switches import strike

ID_FIELDS = ("receipt", "order_id", "payment_id")
PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"

Work = Callable[[Gateway, Request], Awaitable[dict[str, Any]]]


async def answer_or_suffer(gateway: Gateway, request: Request, work: Work) -> Response:
    """The call's answer, or what a switched-on fault makes of it. Raises ApiError."""
    targets = await _targets(request)
    if slow := strike(gateway, "api_slow", *targets):
        await asyncio.sleep(slow.value)
    if strike(gateway, "api_429", *targets):
        raise too_many_requests()
    if strike(gateway, "api_500", *targets):
        raise server_error()
    if strike(gateway, "api_html", *targets):
        return HTMLResponse(PROXY_PAGE, 502)
    if strike(gateway, "api_cut", *targets):
        return CutShort()
    lost = strike(gateway, "api_lost", *targets)
    answer = JSONResponse(await work(gateway, request))
    if lost is None:
        return answer
    await asyncio.sleep(lost.value)
    return CutShort()


class CutShort(Response):
    """The first bytes of an answer, and then the connection ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"512")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        # The server closes the connection of an application that returns before its body is complete.
        await send({"type": "http.response.body", "body": b'{"id":"', "more_body": True})


async def _targets(request: Request) -> list[str]:
    """Whatever a switch may name this call by: `POST`, `POST /v1/payments/*/refund`, and the ids it speaks of."""
    path = request.url.path
    for value in request.path_params.values():
        path = path.replace(str(value), "*")
    ids = [*request.path_params.values(), *(request.query_params.get(name) for name in ID_FIELDS)]
    body = await _body(request)
    ids += [body.get(name) for name in ID_FIELDS]
    return [*(text for text in ids if isinstance(text, str)), f"{request.method} {path}", request.method]


async def _body(request: Request) -> dict[str, Any]:
    """Empty where it is none the API would take: saying so is not this file's business."""
    try:
        value = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
