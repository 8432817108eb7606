"""`khata serve`: console, API and callbacks, in one ASGI application."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from granian import Granian
from granian.constants import Interfaces

from khata.cli import ports, wiring

SHARED_COUNTS = "PROMETHEUS_MULTIPROC_DIR"

SERVER_LOGGING: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}
"""The server's own words go the way of all others."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Server processes.")] = 1,
) -> None:
    """Serve the console, the API and the callbacks until SIGTERM or SIGINT."""
    with _shared_counts(workers):
        # Here and not in the server processes, whose complaints would be repeated and drowned.
        wiring.set_up()
        ports.require_free({"the web server": (host, port)})
        Granian(
            wiring.ASGI_APPLICATION,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            workers=workers,
            websockets=False,
            respawn_failed_workers=True,
            log_dictconfig=SERVER_LOGGING,
        ).serve()


@contextmanager
def _shared_counts(processes_count: int) -> Iterator[None]:
    """Several processes answer `/metrics` for each other: what they count lies in files they share.

    The library looks for the folder when it is imported, so this comes before everything else.
    """
    if processes_count == 1:
        yield
        return
    with TemporaryDirectory(prefix="khata-metrics-") as folder:
        os.environ[SHARED_COUNTS] = folder
        yield
