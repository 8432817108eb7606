"""The mailbox as a process: SMTP on one port, its pages and DNS on another, one store."""

import asyncio
import logging
import socket

from khata_sandbox.mailbox.pages import create_pages
from khata_sandbox.mailbox.receiver import connection_factory
from khata_sandbox.mailbox.reports import Reporter
from khata_sandbox.mailbox.settings import MailboxSettings
from khata_sandbox.mailbox.store import MailStore
from khata_sandbox.mailbox.zone import Zone, answer_questions
from khata_sandbox.process import free_port, listening_socket, own_folder, port_of, run_until_stopped
from khata_sandbox.web.server import serve

_log = logging.getLogger(__name__)


def run(settings: MailboxSettings) -> None:
    """Serves until SIGTERM or SIGINT. Raises `StartRefused` when a port or the data folder is not to be had."""
    with listening_socket(settings.host, settings.port) as listener, own_folder(settings.data_dir):
        asyncio.run(_run(settings, listener, free_port(settings.host, settings.http_port)))


async def _run(settings: MailboxSettings, listener: socket.socket, http_port: int) -> None:
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every command
    logging.getLogger("httpx").setLevel(logging.WARNING)  # httpx every address, and ours hold secrets
    store = MailStore(settings.data_dir)
    zone, reporter = Zone(store), Reporter(settings.report_url)
    try:
        await zone.load()
        for name, text in settings.records:
            await zone.publish(name, text)
        responder = await answer_questions(zone, settings.host, http_port)
        connect = connection_factory(store, reporter, settings.mail_octets_max)
        server = await asyncio.get_running_loop().create_server(connect, sock=listener)
        _log.info(
            "mailbox ready: smtp %s:%d, pages http://%s:%d/", settings.host, port_of(listener), settings.host, http_port
        )
        pages = create_pages(store, zone, reporter, settings.host)
        await run_until_stopped(serve(pages, settings.host, http_port))
        server.close()
        responder.close()
    finally:
        store.close()
