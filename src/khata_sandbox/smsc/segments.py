"""One segment as people read it: its alphabet, its header, its optional parameters, its receipts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from khata_sandbox.smsc.content import ALPHABETS
from khata_sandbox.smsc.journal import Journal, Row
from khata_sandbox.smsc.numbers import MessageState, status_name
from khata_sandbox.smsc.receipts import STAT

_TAG_NAMES: Final = {
    0x020C: "sar_msg_ref_num",
    0x020E: "sar_total_segments",
    0x020F: "sar_segment_seqnum",
    0x0424: "message_payload",
    0x1400: "entity id",
    0x1401: "template id",
    0x1402: "telemarketer chain",
}
"""The vendors' (0x1400 and above) as India's carriers use them; tags and contents are theirs to choose."""
_SHOWN_OCTETS_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Tlv:
    tag: str
    name: str
    value: str
    """Readable octets as text, others in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Segment:
    message_id: str
    number: int
    system_id: str
    alphabet: str
    length: int
    """Octets without the header."""
    udh: str
    tlvs: tuple[Tlv, ...]
    is_answered: bool
    faults: str
    receipts: list[str] = field(default_factory=list)


async def read_segments(journal: Journal, rows: Iterable[Row]) -> list[Segment]:
    """Of one message, from its `submits` rows."""
    segments = [_segment(row) for row in rows]
    for segment in segments:
        query = "SELECT * FROM receipts WHERE message_id = ? ORDER BY id"
        segment.receipts.extend(map(_receipt, await journal.read(query, (segment.message_id,))))
    return segments


def _segment(row: Row) -> Segment:
    return Segment(
        message_id=row["message_id"],
        number=row["part_number"] or 1,
        system_id=row["system_id"],
        alphabet=ALPHABETS.get(row["data_coding"], f"data_coding {row['data_coding']}"),
        length=len(row["octets"]),
        udh=row["udh"].hex(" "),
        tlvs=tuple(_tlv(tag, bytes.fromhex(value)) for tag, value in json.loads(row["tlvs"])),
        is_answered=bool(row["is_answered"]),
        faults=row["faults"].replace(",", ", "),
    )


def _tlv(tag: int, octets: bytes) -> Tlv:
    shown = octets[:_SHOWN_OCTETS_MAX]
    text = shown.rstrip(b"\0")
    is_text = bool(text) and all(0x20 <= octet < 0x7F for octet in text)
    value = text.decode("ascii") if is_text else shown.hex(" ")
    return Tlv(f"0x{tag:04X}", _TAG_NAMES.get(tag, ""), value + ("…" if len(octets) > len(shown) else ""))


def _receipt(row: Row) -> str:
    words = f"{STAT[MessageState(row['state'])]} err:{row['error_code']:03} for {row['told_id'] or row['message_id']}"
    if row["answered_at"] is None:
        return f"{words}, not confirmed yet"
    return f"{words}, answered {status_name(row['answer_status'])}"
