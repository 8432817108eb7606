"""The SMTP side: takes any mail for anybody."""

import logging
import sqlite3
from functools import partial
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from khata_sandbox.mailbox.store import MailStore

_log = logging.getLogger(__name__)
_RECIPIENTS_MAX: Final = 1_000


class Receiver:
    """aiosmtpd calls these; each returns the answer line."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= _RECIPIENTS_MAX:
            return "452 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        octets = envelope.original_content or b""
        try:
            mail_id = await self._store.add(envelope.mail_from or "", envelope.rcpt_tos, octets)
        except sqlite3.Error as error:
            _log.error("mail not kept: %s", error)
            return "452 Insufficient storage, try again later"
        _log.info("mail %d kept: %d octets", mail_id, len(octets))
        return f"250 Kept as mail {mail_id}"


def connection_factory(store: MailStore, mail_octets_max: int) -> "partial[SMTP]":
    """Makes the protocol of one connection. The host name is fixed, because asking for it may ask the network."""
    return partial(
        SMTP,
        Receiver(store),
        data_size_limit=mail_octets_max,
        enable_SMTPUTF8=True,
        hostname="localhost",
        ident="Khata sandbox mailbox",
        timeout=60,
    )
