"""One ASGI application: the API's paths go to Litestar, `/metrics` is answered here, all others go to Django."""

import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

from khata.kernel.memory import settle_memory
from khata.kernel.readiness import begin_draining

API_PATHS = ("/v1/", "/healthz/", "/readyz/")
METRICS_PATH = "/metrics"


def make_application() -> Any:
    """Sets Django up first: the API's modules import models."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khata.site.settings")
    django_application: Any = get_asgi_application()
    from khata.api.app import create_api
    from khata.site.metrics import answer_metrics
    from khata.site.requests import observed

    api: Any = create_api()

    async def choose(scope: Any, receive: Any, send: Any) -> None:
        """By path; the lifespan is the API's (Django has none)."""
        if scope["type"] == "lifespan":
            await api(scope, _watched(receive), send)
        elif scope["path"] == METRICS_PATH:
            await answer_metrics(scope, receive, send)
        else:
            is_for_api = f"{scope['path']}/".startswith(API_PATHS)
            await (api if is_for_api else django_application)(scope, receive, send)

    return observed(choose, settings.LOG_LINES, has_access_log=settings.ENVIRONMENT.has_access_log)


def _watched(receive: Any) -> Any:
    """Ready to serve, memory is settled; from the moment this process is told to stop, `/readyz` says so."""

    async def hear() -> Any:
        message = await receive()
        if message["type"] == "lifespan.startup":
            settle_memory()
        if message["type"] == "lifespan.shutdown":
            begin_draining()
        return message

    return hear


application = make_application()
