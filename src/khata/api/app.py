"""The API as one ASGI application."""

import secrets
from typing import Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from khata.api import hot
from khata.api.balance import read_balance
from khata.api.health import healthz, readyz
from khata.api.messages import read_message
from khata.api.problems import refuse, refuse_http, refuse_unexpected
from khata.api.top_ups import create_top_up, list_top_ups, read_top_up
from khata.api.writer import drain_acceptance_writer
from khata.kernel.errors import KhataError

HANDLERS = (hot.send_message, read_message, read_balance, create_top_up, read_top_up, list_top_ups, healthz, readyz)


def create_api() -> ASGIApp:
    """Every refusal, the framework's own included, leaves as a problem document with a request id."""
    handlers: dict[Any, Any] = {KhataError: refuse, HTTPException: refuse_http, Exception: refuse_unexpected}
    api = Litestar(
        route_handlers=HANDLERS,
        exception_handlers=handlers,
        openapi_config=None,
        logging_config=None,
        on_shutdown=[drain_acceptance_writer],
    )

    async def identified(scope: Scope, receive: Receive, send: Send) -> None:
        """Around the framework, not inside it: what it refuses before routing must have an id, too."""
        if scope["type"] != ScopeType.HTTP:
            await api(scope, receive, send)
            return
        request_id = f"req_{secrets.token_hex(12)}"
        scope["headers"] = [*scope["headers"], (b"khata-request-id", request_id.encode())]

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        is_hot = scope["path"] == hot.PATH and scope["method"] == "POST"
        await (hot.create_message if is_hot else api)(scope, receive, send_with_id)

    return identified
