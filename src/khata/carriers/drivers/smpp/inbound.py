"""A `deliver_sm` or `data_sm` read as a message from a phone: who, to whom, and the text or the part of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from khata.carriers.drivers.smpp.bodies import (
    ESM_HAS_HEADER,
    SHORT_MESSAGE_MAX,
    TLV_SAR_MSG_REF_NUM,
    TLV_SAR_SEGMENT_SEQNUM,
    TLV_SAR_TOTAL_SEGMENTS,
    Address,
    ShortMessage,
)
from khata.carriers.drivers.smpp.pdu import PduError
from khata.kernel import gsm7

GAP = "…"
"""Stands where a part of a long message never came."""

_INTERNATIONAL = 1
_CONCATENATION_8_BIT = 0x00
_CONCATENATION_16_BIT = 0x08

# Data codings by 3GPP TS 23.038 and SMPP 3.4 §5.2.19; what is neither here nor GSM is shown octet by octet.
_CODECS = {0x01: "ascii", 0x03: "latin-1", 0x06: "iso8859-5", 0x07: "iso8859-8", 0x08: "utf-16-be", 0x18: "utf-16-be"}
_GSM7 = frozenset((0x00, 0x10, 0x11, 0x12, 0x13, 0xF0, 0xF1, 0xF2, 0xF3))


class Part(NamedTuple):
    """Which piece of a long message this is."""

    ref: int
    """The phone's number for the message."""
    part_count: int
    number: int
    """1-based."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One PDU's worth of a message from a phone."""

    sender: str
    recipient: str
    data_coding: int
    octets: bytes
    """Without the user data header."""
    part: Part | None
    """None for a message that is whole."""


def inbound_of(message: ShortMessage) -> Inbound:
    """Raises PduError for a user data header that does not fit its message."""
    header, octets = _cut_header(message)
    part = _part_in_header(header) or _part_in_tlvs(message)
    if part is not None and len(octets) > SHORT_MESSAGE_MAX:
        raise PduError(f"a part of a message with {len(octets)} octets")
    return Inbound(_number(message.source), message.destination.text, message.data_coding, octets, part)


def joined_text(parts: Mapping[int, bytes], part_count: int, data_coding: int) -> str:
    """The text of a long message. Octets are joined before they are read: a character may stand in two parts."""
    runs, run = [], b""
    for number in range(1, part_count + 1):
        if number in parts:
            run += parts[number]
        else:
            runs.append(run)
            run = b""
    return GAP.join(text_of(octets, data_coding) for octets in (*runs, run))


def text_of(octets: bytes, data_coding: int) -> str:
    """What cannot be read is U+FFFD, and so is NUL, which the database does not keep."""
    if data_coding in _GSM7:
        text = gsm7.decode(octets)
    else:
        text = octets.decode(_CODECS.get(data_coding, "latin-1"), "replace")
    return text.replace("\0", "\ufffd")


def _cut_header(message: ShortMessage) -> tuple[bytes, bytes]:
    """The user data header without its length, and what follows it."""
    content = message.content
    if not message.esm_class & ESM_HAS_HEADER:
        return b"", content
    if not content or 1 + content[0] > len(content):
        raise PduError("a user data header longer than its message")
    end = 1 + content[0]
    return content[1:end], content[end:]


def _part_in_header(header: bytes) -> Part | None:
    """From the first concatenation element (3GPP TS 23.040 §9.2.3.24); other elements are passed over."""
    position = 0
    while position + 2 <= len(header):
        kind, length = header[position], header[position + 1]
        value = header[position + 2 : position + 2 + length]
        if (kind, len(value)) in ((_CONCATENATION_8_BIT, 3), (_CONCATENATION_16_BIT, 4)):
            return _part(int.from_bytes(value[:-2]), value[-2], value[-1])
        position += 2 + length
    return None


def _part_in_tlvs(message: ShortMessage) -> Part | None:
    if not message.tlvs:
        return None
    tags = (TLV_SAR_MSG_REF_NUM, TLV_SAR_TOTAL_SEGMENTS, TLV_SAR_SEGMENT_SEQNUM)
    ref, count, number = (int.from_bytes(message.tlv(tag) or b"") for tag in tags)
    return _part(ref, count, number)


def _part(ref: int, count: int, number: int) -> Part | None:
    """None where the numbers say nothing: such a message counts as whole, as 3GPP TS 23.040 has it."""
    return Part(ref, count, number) if count > 1 and 1 <= number <= count <= 255 else None


def _number(address: Address) -> str:
    """With the plus where the SMSC says that the number is international; a guess could name another phone."""
    is_international = address.ton == _INTERNATIONAL and address.text.isascii() and address.text.isdigit()
    return f"+{address.text}" if is_international else address.text
