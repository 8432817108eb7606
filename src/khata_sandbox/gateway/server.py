"""Runs the gateway in this process until it is told to stop."""

import asyncio
import logging
import signal
from dataclasses import replace

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from khata_sandbox.gateway.app import create_app
from khata_sandbox.gateway.settings import GatewaySettings
from khata_sandbox.process import free_port, own_folder

_log = logging.getLogger(__name__)


def run(settings: GatewaySettings) -> None:
    """Blocks until SIGTERM or SIGINT. Raises `StartRefused` when the port or the data folder is not to be had."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with own_folder(settings.data_dir):
        asyncio.run(_serve(replace(settings, port=free_port(settings.host, settings.port))))


async def _serve(settings: GatewaySettings) -> None:
    # One process on purpose: whatever ends it ends everything, and no worker can be left behind.
    server = Server(
        create_app(settings),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_access=False,
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, server.stop)
    _log.info("Gateway ready: http://%s:%d/control (seed %d)", settings.host, settings.port, settings.seed)
    await server.serve()
