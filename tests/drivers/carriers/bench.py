"""What the contract needs of a carrier under test: its driver, its far end, and numbers that make that behave."""

import asyncio
import secrets
import uuid
from base64 import b32encode
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Protocol

from khata.carriers.port import Carrier, CarrierNews, Mail, Submission
from khata.mail.core.addresses import Mailbox
from khata.mail.core.composing import Letter, compose
from khata.messaging.core.segmentation import segment

DEADLINE_S = 60
ANSWER_TIMEOUT_S = 4
"""How long the driver under test waits for an answer."""


class Behaviour(Enum):
    """What the far end does with a message to a number it keeps for that."""

    DELIVERS = "delivers"
    """Takes it, and reports that it arrived."""
    LOSES = "loses"
    """Takes it, and reports that it did not."""
    REFUSES = "refuses"
    THROTTLES = "throttles"
    STAYS_SILENT = "stays silent"
    """Reads the request and never answers."""


class CarrierBench(Protocol):
    numbers: dict[Behaviour, str]

    @property
    def carrier(self) -> Carrier:
        """Started, and usable."""
        ...

    @property
    def news(self) -> list[CarrierNews]:
        """What the carrier told, in whichever way it tells."""
        ...

    async def arrived(self, recipient: str) -> list[str]:
        """Texts of the messages that came whole to the far end for this number."""
        ...


def submissions(carrier: Carrier, text: str, recipient: str) -> list[Submission]:
    """As the dispatcher makes them; to an address, one e-mail."""
    if "@" in recipient:
        return [mail_submission(letter_to(recipient, text))]
    found = segment(text)
    parts = (text,) if carrier.takes_whole_messages else found.parts
    message_id = uuid.uuid4()
    return [
        Submission(message_id, recipient, "HDRXYZ", part, found.encoding, number, len(parts), message_id.int & 0xFFFF)
        for number, part in enumerate(parts, start=1)
    ]


def letter_to(recipient: str, text: str) -> Letter:
    return Letter(
        sender=Mailbox("orders@acme.example", "ACME, Shop"),
        recipient=recipient,
        subject="Hello",
        text=text,
        html="",
        attachments=(),
        message_id="msg_1@acme.example",
        written_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def mail_submission(letter: Letter) -> Submission:
    """With a reference of its own."""
    mail = Mail(compose(letter), b32encode(secrets.token_bytes(35)).decode().lower())
    return Submission(uuid.uuid4(), letter.recipient, letter.sender.text, letter.text, "utf8", 1, 1, 0, mail=mail)


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.005)
