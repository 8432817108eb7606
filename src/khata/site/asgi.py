"""One ASGI application: the API's paths go to Litestar, all others to Django."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

API_PATHS = ("/v1/", "/healthz/", "/readyz/")


def make_application() -> Any:
    """Sets Django up first: the API's modules import models."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khata.site.settings")
    django_application: Any = get_asgi_application()
    from khata.api.app import create_api

    api: Any = create_api()

    async def choose(scope: Any, receive: Any, send: Any) -> None:
        """By path; the lifespan is the API's (Django has none)."""
        is_for_api = scope["type"] == "lifespan" or f"{scope['path']}/".startswith(API_PATHS)
        await (api if is_for_api else django_application)(scope, receive, send)

    return choose


application = make_application()
