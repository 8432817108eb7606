"""What a submit_sm says: its text, its user data header and its place in a longer message."""

import math
from dataclasses import dataclass
from typing import Final

from khata_sandbox.smsc import gsm7
from khata_sandbox.smsc.numbers import ESM_CLASS_UDH, Status, Tag
from khata_sandbox.smsc.pdu import PduError, ShortMessage

GSM7: Final = 0
UCS2: Final = 8
_ASCII: Final = 1
_LATIN_1: Final = 3
ALPHABETS: Final = {GSM7: "GSM 7-bit", _ASCII: "ASCII", _LATIN_1: "Latin-1", UCS2: "UCS-2"}
"""By data_coding; anything else is binary."""

_SEGMENT_SEPTETS: Final = 160
_SEGMENT_OCTETS: Final = 140
_CONCATENATION_8_BIT: Final = 0x00
_CONCATENATION_16_BIT: Final = 0x08


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of which message this is; `ref` tells messages between the same two numbers apart."""

    ref: int
    number: int
    """1-based."""
    count: int


@dataclass(frozen=True, slots=True)
class Content:
    text: str
    """An alphabet without a text (binary) is shown as hexadecimal."""
    octets: bytes
    """Without the header."""
    udh: bytes
    """With its length octet; empty when there is none."""
    part: Part | None


def read_content(message: ShortMessage) -> Content:
    """Raises `PduError` when the payload is not one handset segment, except in message_payload, which may be longer."""
    payload = message.tlv(Tag.MESSAGE_PAYLOAD) if message.tlvs else None
    if payload is not None and message.short_message:
        raise PduError(Status.ROPTPARNOTALLWD, "short_message and message_payload exclude each other")
    octets = message.short_message if payload is None else payload
    udh = b""
    if message.esm_class & ESM_CLASS_UDH:
        udh, octets = _split_udh(octets)
    if payload is None:
        _check_segment(message.data_coding, len(udh), len(octets))
    part = _part_from_udh(udh) if udh else _part_from_tlvs(message) if message.tlvs else None
    return Content(_text(message.data_coding, octets), octets, udh, part)


def _split_udh(octets: bytes) -> tuple[bytes, bytes]:
    if not octets or octets[0] + 1 > len(octets):
        raise PduError(Status.RINVMSGLEN, "the user data header is longer than the message")
    return octets[: octets[0] + 1], octets[octets[0] + 1 :]


def _check_segment(data_coding: int, udh_length: int, length: int) -> None:
    """A part that no handset could be given is refused, as a real network would."""
    if data_coding in (GSM7, _ASCII):
        fits = math.ceil(udh_length * 8 / 7) + length <= _SEGMENT_SEPTETS
    else:
        fits = udh_length + length <= _SEGMENT_OCTETS
    if not fits or (data_coding == UCS2 and length % 2):
        raise PduError(Status.RINVMSGLEN, f"{length} octets of data_coding {data_coding} are not one segment")


def _part_from_udh(udh: bytes) -> Part | None:
    """The concatenation element (3GPP TS 23.040, 9.2.3.24.1 and .8). An impossible one is ignored, as phones do."""
    at = 1
    part = None
    while at < len(udh):
        if at + 2 > len(udh) or at + 2 + udh[at + 1] > len(udh):
            raise PduError(Status.RINVMSGLEN, "an element of the user data header is cut off")
        element, value = udh[at], udh[at + 2 : at + 2 + udh[at + 1]]
        if (element, len(value)) in {(_CONCATENATION_8_BIT, 3), (_CONCATENATION_16_BIT, 4)}:
            part = _part(int.from_bytes(value[:-2]), value[-1], value[-2])
        at += 2 + len(value)
    return part


def _part_from_tlvs(message: ShortMessage) -> Part | None:
    ref, count, number = map(message.tlv, (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM))
    if ref is None or count is None or number is None:
        return None
    return _part(int.from_bytes(ref[:2]), int.from_bytes(number[:1]), int.from_bytes(count[:1]))


def _part(ref: int, number: int, count: int) -> Part | None:
    return Part(ref, number, count) if 1 <= number <= count else None


def _text(data_coding: int, octets: bytes) -> str:
    if data_coding == GSM7:
        return gsm7.decode(octets)
    if data_coding == UCS2:
        return octets.decode("utf-16-be", "replace")
    if data_coding == _ASCII:
        return octets.decode("ascii", "replace")
    if data_coding == _LATIN_1:
        return octets.decode("latin-1")
    return octets.hex()
