"""What the contract needs of a carrier under test: its driver, its far end, and numbers that make that behave."""

import asyncio
import uuid
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from khata.carriers.port import Carrier, CarrierNews, Submission
from khata.messaging.core.segmentation import segment

DEADLINE_S = 30
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
    """As the dispatcher makes them."""
    found = segment(text)
    parts = (text,) if carrier.takes_whole_messages else found.parts
    message_id = uuid.uuid4()
    return [
        Submission(message_id, recipient, "HDRXYZ", part, found.encoding, number, len(parts), message_id.int & 0xFFFF)
        for number, part in enumerate(parts, start=1)
    ]


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.005)
