"""Serves one ASGI application on the event loop that already runs the far end itself."""

import logging

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp


async def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serves until cancelled. The port must be free: Granian would share it with another Granian unasked."""
    logging.getLogger("_granian").setLevel(logging.ERROR)
    server = Server(
        app, address=host, port=port, interface=Interfaces.ASGINL, websockets=False, log_enabled=False, backlog=128
    )
    try:
        await server.serve()
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]
