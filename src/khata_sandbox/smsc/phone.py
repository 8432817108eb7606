"""The virtual phones: submitted parts put together again to what a reader would see."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from khata_sandbox.smsc.journal import Journal, Row

_PARTS_MAX: Final = 255
_ACCEPTED: Final = """
SELECT * FROM (SELECT * FROM submits WHERE status = 0 AND (? = '' OR phone = ?) ORDER BY id DESC LIMIT ?) ORDER BY id
"""


@dataclass(slots=True)
class PhoneMessage:
    """One message as a phone shows it, whole or still missing parts. Times are milliseconds since 1970 UTC."""

    source: str
    destination: str
    received_at: int
    """Of its newest part."""
    state: int
    """The worst message_state among its parts (delivered is the lowest of the final ones)."""
    part_count: int
    rows: list[Row] = field(default_factory=list)
    """Its submits, in order of arrival."""
    texts: dict[int, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return len(self.texts) == self.part_count

    @property
    def text(self) -> str:
        """The parts in their order; a missing one leaves an ellipsis."""
        return "".join(self.texts.get(number, "…") for number in range(1, self.part_count + 1))

    @property
    def message_ids(self) -> list[str]:
        return [row["message_id"] for row in self.rows]

    @property
    def last_row_id(self) -> int:
        return int(self.rows[-1]["id"])


async def read_messages(journal: Journal, phone: str, limit: int) -> list[PhoneMessage]:
    """The newest first; of one phone (digits) or, with none, of all."""
    return reassemble(await journal.read(_ACCEPTED, (phone, phone, limit + _PARTS_MAX)))[:limit]


def reassemble(rows: Iterable[Row]) -> list[PhoneMessage]:
    """Messages newest first, from accepted `submits` rows oldest first.

    A part that comes a second time begins a new message: its first message is complete, or was given up.
    """
    messages: list[PhoneMessage] = []
    incomplete: dict[tuple[str, str, int, int], PhoneMessage] = {}
    for row in rows:
        number, count = row["part_number"] or 1, row["part_count"] or 1
        key = (row["source"], row["destination"], row["part_ref"] or 0, count)
        message = incomplete.pop(key, None) if count > 1 else None
        if message is None or number in message.texts:
            message = PhoneMessage(row["source"], row["destination"], row["received_at"], row["state"], count)
            messages.append(message)
        _add_part(message, number, row)
        if not message.is_whole:
            incomplete[key] = message
    return sorted(messages, key=lambda message: message.last_row_id, reverse=True)


def digits_of(number: str) -> str:
    """As phones are kept: a plus or a space before it says nothing."""
    return "".join(character for character in number if character in "0123456789")


def _add_part(message: PhoneMessage, number: int, row: Row) -> None:
    message.texts[number] = row["text"]
    message.rows.append(row)
    message.received_at = row["received_at"]
    message.state = max(message.state, row["state"])
