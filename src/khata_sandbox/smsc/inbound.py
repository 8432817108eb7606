"""Messages from a phone: cut into segments as a phone does, each a deliver_sm of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from khata_sandbox.smsc import gsm7
from khata_sandbox.smsc.content import GSM7, UCS2
from khata_sandbox.smsc.numbers import ESM_CLASS_UDH, TON_ALPHANUMERIC, TON_INTERNATIONAL
from khata_sandbox.smsc.pdu import ShortMessage

TEXT_LENGTH_MAX: Final = 1_600
_ALONE: Final = {GSM7: 160, UCS2: 140}
_PART: Final = {GSM7: 153, UCS2: 134}
"""Octets beside a header of six."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One segment. `sent_at` is milliseconds since 1970 UTC."""

    id: int
    system_id: str
    """Who is to get it."""
    phone: str
    """Who sent it: digits."""
    destination: str
    data_coding: int
    udh: bytes
    octets: bytes
    """Without the header."""
    text: str
    """This segment's own."""
    sent_at: int

    def encode(self) -> bytes:
        """The body of the deliver_sm."""
        is_number = self.destination.lstrip("+").isdigit()
        return ShortMessage(
            source=self.phone,
            source_ton=TON_INTERNATIONAL,
            source_npi=1,
            destination=self.destination,
            destination_ton=TON_INTERNATIONAL if is_number else TON_ALPHANUMERIC,
            destination_npi=int(is_number),
            esm_class=ESM_CLASS_UDH if self.udh else 0,
            data_coding=self.data_coding,
            short_message=self.udh + self.octets,
        ).encode()


def segments_of(text: str, ref: int) -> list[tuple[int, bytes, bytes, str]]:
    """data_coding, header, octets and text of each segment; `ref` (0..255) tells one long message from another."""
    data_coding = GSM7 if gsm7.is_encodable(text) else UCS2
    encoded = _encode(text, data_coding)
    if len(encoded) <= _ALONE[data_coding]:
        return [(data_coding, b"", encoded, text)]
    parts = list(_cut(text, data_coding))
    return [
        (data_coding, bytes((5, 0, 3, ref, len(parts), number)), _encode(part, data_coding), part)
        for number, part in enumerate(parts, start=1)
    ]


def _cut(text: str, data_coding: int) -> Iterator[str]:
    """Between characters, never within one: an escape and its letter, a pair of surrogates stay together."""
    part, length = "", 0
    for character in text:
        octets = len(_encode(character, data_coding))
        if length + octets > _PART[data_coding]:
            yield part
            part, length = "", 0
        part, length = part + character, length + octets
    yield part


def _encode(text: str, data_coding: int) -> bytes:
    return gsm7.encode(text) if data_coding == GSM7 else text.encode("utf-16-be", "replace")
