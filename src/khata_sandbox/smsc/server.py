"""The message centre as a process: SMPP on one port, its pages on another, one journal."""

import asyncio
import logging
import socket
import ssl

from khata_sandbox.process import StartRefused, free_port, listening_socket, own_folder, port_of, run_until_stopped
from khata_sandbox.smsc.centre import MessageCentre
from khata_sandbox.smsc.journal import Journal
from khata_sandbox.smsc.pages import create_pages
from khata_sandbox.smsc.session import Session
from khata_sandbox.smsc.settings import SmscSettings
from khata_sandbox.web.server import serve

_log = logging.getLogger(__name__)


def run(settings: SmscSettings) -> None:
    """Serves until SIGTERM or SIGINT. Raises `StartRefused` when a port or the data folder is not to be had."""
    tls = _tls_context(settings)
    with listening_socket(settings.host, settings.port) as listener, own_folder(settings.data_dir):
        asyncio.run(_run(settings, listener, tls, free_port(settings.host, settings.http_port)))


def _tls_context(settings: SmscSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise StartRefused(f"The TLS certificate and key cannot be used: {error}.") from error
    return context


async def _run(settings: SmscSettings, listener: socket.socket, tls: ssl.SSLContext | None, http_port: int) -> None:
    journal = Journal(settings.data_dir)
    centre = MessageCentre(settings, journal)
    sessions: set[Session] = set()
    try:
        await centre.resume()
        server = await asyncio.get_running_loop().create_server(
            lambda: Session(centre, sessions), sock=listener, ssl=tls
        )
        _log.info(
            "SMSC ready: smpp %s:%d, pages http://%s:%d/, seed %d",
            settings.host,
            port_of(listener),
            settings.host,
            http_port,
            centre.switches.seed,
        )
        pages = create_pages(centre, sessions)
        await run_until_stopped(serve(pages, settings.host, http_port), journal.write_forever())
        server.close()
        for session in list(sessions):
            session.close()
    finally:
        centre.close()
        journal.close()
