"""The message centre as a process: SMPP on one port, its pages on another, one journal."""

import asyncio
import logging
import socket

from khata_sandbox.process import free_port, listening_socket, own_folder, port_of, run_until_stopped
from khata_sandbox.smsc.centre import MessageCentre
from khata_sandbox.smsc.desk import ReceiptDesk
from khata_sandbox.smsc.journal import Journal
from khata_sandbox.smsc.pages import create_pages
from khata_sandbox.smsc.session import Session
from khata_sandbox.smsc.settings import SmscSettings
from khata_sandbox.web.server import serve

_log = logging.getLogger(__name__)


def run(settings: SmscSettings) -> None:
    """Serves until SIGTERM or SIGINT. Raises `StartRefused` when a port or the data folder is not to be had."""
    with listening_socket(settings.host, settings.port) as listener, own_folder(settings.data_dir):
        asyncio.run(_run(settings, listener, free_port(settings.host, settings.http_port)))


async def _run(settings: SmscSettings, listener: socket.socket, http_port: int) -> None:
    journal = Journal(settings.data_dir)
    desk = ReceiptDesk(journal)
    centre = MessageCentre(settings, journal, desk)
    sessions: set[Session] = set()
    try:
        await centre.resume()
        server = await asyncio.get_running_loop().create_server(lambda: Session(centre, sessions), sock=listener)
        _log.info(
            "SMSC ready: smpp %s:%d, pages http://%s:%d/", settings.host, port_of(listener), settings.host, http_port
        )
        await run_until_stopped(serve(create_pages(centre), settings.host, http_port), journal.write_forever())
        server.close()
        for session in list(sessions):
            session.close()
    finally:
        desk.close()
        journal.close()
