"""The SMTP side: takes any mail for anybody, but for a few addresses that are told otherwise."""

import logging
import sqlite3
from functools import partial
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from khata_sandbox.mailbox.reports import Reporter, act_of, word_of
from khata_sandbox.mailbox.store import MailStore

_log = logging.getLogger(__name__)
_RECIPIENTS_MAX: Final = 1_000


class Receiver:
    """aiosmtpd calls these; each returns the answer line."""

    def __init__(self, store: MailStore, reporter: Reporter) -> None:
        self._store = store
        self._reporter = reporter
        self._asked_to_wait: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= _RECIPIENTS_MAX:
            return "452 Too many recipients"
        if (refusal := self._refusal(address)) is not None:
            return refusal
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
        await self._report(mail_id, envelope.rcpt_tos)
        return f"250 Kept as mail {mail_id}"

    def _refusal(self, address: str) -> str | None:
        """`refuse@…` is told no at once; `later@…` to come again, the first time."""
        word = word_of(address)
        if word == "refuse":
            return "550 5.1.1 No such mailbox"
        if word == "later" and address not in self._asked_to_wait:
            self._asked_to_wait.add(address)
            return "451 4.7.1 Come again later"
        return None

    async def _report(self, mail_id: int, recipients: list[str]) -> None:
        asked = [(recipient, act) for recipient in recipients if (act := act_of(word_of(recipient))) is not None]
        mail = await self._store.get(mail_id) if asked else None
        if mail is not None:
            for recipient, act in asked:
                self._reporter.report_later(mail, recipient, act)


def connection_factory(store: MailStore, reporter: Reporter, mail_octets_max: int) -> "partial[SMTP]":
    """Makes the protocol of one connection. The host name is fixed, because asking for it may ask the network."""
    return partial(
        SMTP,
        Receiver(store, reporter),
        data_size_limit=mail_octets_max,
        enable_SMTPUTF8=True,
        hostname="localhost",
        ident="Khata sandbox mailbox",
        timeout=60,
    )
