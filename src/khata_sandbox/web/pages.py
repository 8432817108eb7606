"""Templates, the style sheet and the response headers of the far ends' pages."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from khata_sandbox.process import is_loopback

REFRESH_S: Final = 3
"""How often a list page loads itself again."""
_HERE = Path(__file__).parent
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_site(host: str, routes: list[Route]) -> Starlette:
    """The application of one far end, with its style sheet and /healthz.

    On loopback only loopback names are answered, so that no web site can reach in by a name of its own (DNS rebinding).
    """
    hosts = ["localhost", "127.0.0.1", host] if is_loopback(host) else ["*"]
    return Starlette(
        routes=[*routes, Route("/style.css", _style), Route("/healthz", _healthz)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts), Middleware(_SafeHeaders)],
    )


def create_templates(folder: Path) -> Jinja2Templates:
    """Templates of this folder; `base.html` is shared by all."""
    environment = Environment(
        loader=FileSystemLoader([folder, _HERE]), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["clock"] = clock
    environment.filters["rfc3339"] = rfc3339
    return Jinja2Templates(env=environment)


def refresh_s(request: Request) -> int:
    """Seconds until the page loads itself again; 0 when the reader paused it."""
    return 0 if request.query_params.get("refresh") == "off" else REFRESH_S


def rfc3339(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(at_ms: int) -> str:
    """A time of this machine's own zone, for people: "14:05:09, 3 November"."""
    local = datetime.fromtimestamp(at_ms / 1000).astimezone()
    return f"{local:%H:%M:%S}, {local.day} {local:%B}"


async def _style(_: Request) -> FileResponse:
    return FileResponse(_HERE / "style.css", media_type="text/css")


async def _healthz(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")


class _SafeHeaders:
    """Adds the headers above to every response that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
