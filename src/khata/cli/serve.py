"""`khata serve`: console, API and callbacks, in one ASGI application."""

from typing import Annotated

import typer
from granian import Granian
from granian.constants import Interfaces

from khata.cli import ports, wiring


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Server processes.")] = 1,
) -> None:
    """Serve the console, the API and the callbacks until SIGTERM or SIGINT."""
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
    ).serve()
