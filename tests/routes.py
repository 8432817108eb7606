"""Routes for one test: configured while it lasts, each under a name of its own."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from khata.messaging.core.routes import Route
from khata.messaging.operations import configure_routes, configured_routes


@contextmanager
def routes_in(*routes: Route) -> Iterator[None]:
    before = configured_routes()
    configure_routes(routes)
    try:
        yield
    finally:
        configure_routes(before)


def route_of(name: str = "route", **rules: object) -> Route:
    """A route nobody else has; by default to one carrier and for every message."""
    plain = Route(f"{name}-{uuid.uuid4().hex[:8]}", ("smpp",))
    return replace(plain, **rules)  # type: ignore[arg-type]
