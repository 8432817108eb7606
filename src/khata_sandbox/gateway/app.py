"""The gateway as one ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from khata_sandbox.gateway import (
    attempt_pages,
    checkout,
    control,
    control_api,
    link_pages,
    method_forms,
    phone_pages,
    qr_pages,
    rest,
    rest_customers,
    rest_links,
    rest_settlements,
    unsupported,
)
from khata_sandbox.gateway.background import background_work
from khata_sandbox.gateway.body_limit import BodyLimit
from khata_sandbox.gateway.clock import Clock
from khata_sandbox.gateway.errors import ApiError, server_error, unknown_url, wrong_method
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.knobs import resume_clock
from khata_sandbox.gateway.pages import GoTo, PageProblem, render
from khata_sandbox.gateway.settings import GatewaySettings
from khata_sandbox.gateway.store import Store
from khata_sandbox.process import is_loopback


def create_app(settings: GatewaySettings, clock: Clock | None = None) -> Starlette:
    """Opens the store at once; background work runs while the application's lifespan does."""
    gateway = Gateway(settings, Store(settings.data_dir), clock or Clock(settings.time_speed))
    resume_clock(gateway.store, gateway.clock)
    app = Starlette(
        routes=[
            Route("/healthz", get_health),
            *rest_links.routes(),
            *rest_customers.routes(),
            *rest_settlements.routes(),
            *rest.routes(),
            *unsupported.routes(),
            *checkout.routes(),
            *method_forms.routes(),
            *attempt_pages.routes(),
            *phone_pages.routes(),
            *link_pages.routes(),
            *qr_pages.routes(),
            *control.routes(),
            *control_api.routes(),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(settings)), Middleware(BodyLimit)],
        exception_handlers={
            ApiError: _answer_api_error,
            GoTo: _answer_go_to,
            PageProblem: _answer_problem,
            HTTPException: _answer_http_exception,
            Exception: _answer_unexpected,
        },
        lifespan=_lifespan,
    )
    app.state.gateway = gateway
    return app


def _hosts(settings: GatewaySettings) -> list[str]:
    """On loopback only loopback names are answered, so that no web site gets in by its own name (DNS rebinding)."""
    return ["localhost", "127.0.0.1", "[::1]", settings.host] if is_loopback(settings.host) else ["*"]


async def get_health(request: Request) -> Response:
    return PlainTextResponse("ok\n")


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with background_work(app.state.gateway):
        yield
    app.state.gateway.store.close()


async def _answer_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    headers = {"www-authenticate": 'Basic realm="sandbox gateway"'} if error.status == 401 else {}
    return JSONResponse(error.body(), error.status, headers)


async def _answer_go_to(request: Request, error: Exception) -> Response:
    assert isinstance(error, GoTo)
    return RedirectResponse(error.url, 303)


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, PageProblem)
    return render(request, "problem.html", status=error.status, title=error.title, explanation=error.explanation)


def _is_for_programs(request: Request) -> bool:
    return request.url.path.startswith(("/v1/", "/_sandbox"))


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _is_for_programs(request):
        return await _answer_api_error(request, wrong_method() if error.status_code == 405 else unknown_url())
    problem = PageProblem(error.status_code, error.detail, "Nothing is at this address.")
    return await _answer_problem(request, problem)


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    """The server logs the error itself; the body says no more than that there was one."""
    if _is_for_programs(request):
        return await _answer_api_error(request, server_error())
    return await _answer_problem(request, PageProblem(500, "Something went wrong", "The gateway made a mistake."))
