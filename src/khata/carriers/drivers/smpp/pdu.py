"""SMPP 3.4 on the wire: a stream of octets cut into PDUs, and the fields bodies are made of. No I/O.

Source: SMPP Protocol Specification v3.4 issue 1.2, §3 and §5. We write within its field sizes; we read any terminated
string, since carriers are generous with theirs and a receipt is worth more than a rule.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

RESPONSE = 0x80000000
"""Added to a request's command it names its answer."""

BIND_RECEIVER = 0x00000001
BIND_TRANSMITTER = 0x00000002
QUERY_SM = 0x00000003
SUBMIT_SM = 0x00000004
DELIVER_SM = 0x00000005
UNBIND = 0x00000006
BIND_TRANSCEIVER = 0x00000009
ENQUIRE_LINK = 0x00000015
ALERT_NOTIFICATION = 0x00000102
DATA_SM = 0x00000103
GENERIC_NACK = 0x80000000
QUERY_SM_RESP = RESPONSE | QUERY_SM
SUBMIT_SM_RESP = RESPONSE | SUBMIT_SM

SEQUENCE_MAX = 0x7FFFFFFF
PDU_MAX = 65_536

_HEADER = struct.Struct(">IIII")
_LENGTH = struct.Struct(">I")
_TLV_HEADER = struct.Struct(">HH")

Tlv = tuple[int, bytes]
"""Tag and value of an optional parameter."""


class PduError(ValueError):
    """The bytes are not a PDU we can read, or the values cannot be written as one."""


class Pdu(NamedTuple):
    command: int
    status: int
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        return _HEADER.pack(_HEADER.size + len(self.body), self.command, self.status, self.sequence) + self.body


class PduBuffer:
    """Cuts a stream of bytes, in whatever chunks it comes, into PDUs. Keeps no more than one unfinished PDU."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def push(self, chunk: bytes) -> Iterator[Pdu]:
        """The PDUs that `chunk` completes. Raises PduError at a length no PDU has; nothing after it can be trusted."""
        self._unread += chunk
        start = 0
        while (end := self._end_of_pdu(start)) is not None:
            _, command, status, sequence = _HEADER.unpack_from(self._unread, start)
            yield Pdu(command, status, sequence, bytes(self._unread[start + _HEADER.size : end]))
            start = end
        del self._unread[:start]

    def _end_of_pdu(self, start: int) -> int | None:
        """Where the PDU at `start` ends; None while it is not all there."""
        if len(self._unread) - start < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._unread, start)
        if not _HEADER.size <= length <= PDU_MAX:
            raise PduError(f"a PDU of {length} octets")
        return start + length if len(self._unread) - start >= length else None


class FieldReader:
    """Reads fields one after the other; PduError where the body ends too early."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    def octets(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._body):
            raise PduError(f"the body ends at octet {len(self._body)}, {end} were announced")
        taken = self._body[self._position : end]
        self._position = end
        return taken

    def c_octets(self) -> str:
        end = self._body.find(b"\0", self._position)
        if end < 0:
            raise PduError("a string without its end")
        # One character per octet, whatever the carrier wrote: an id must come back as it was spelled.
        text = self._body[self._position : end].decode("latin-1")
        self._position = end + 1
        return text

    def address(self) -> tuple[int, int, str]:
        """Type of number, numbering plan, text."""
        body, start = self._body, self._position
        end = body.find(0, start + 2)
        if end < 0:
            raise PduError("an address without its end")
        self._position = end + 1
        return body[start], body[start + 1], body[start + 2 : end].decode("latin-1")

    def tlvs(self) -> Iterator[Tlv]:
        """Everything that is left, in order."""
        while self._position < len(self._body):
            tag, length = _TLV_HEADER.unpack(self.octets(_TLV_HEADER.size))
            yield tag, self.octets(length)


def c_octets(text: str, octets_max: int) -> bytes:
    """A string and its NUL, which `octets_max` does not count. Raises PduError for what does not fit."""
    if "\0" in text:
        raise PduError("a NUL inside a string")
    if len(text) > octets_max:
        raise PduError(f"a string of {len(text)} octets, {octets_max} fit")
    try:
        return text.encode("latin-1") + b"\0"
    except UnicodeEncodeError:
        raise PduError("a character that takes more than one octet") from None


def encode_tlv(tag: int, value: bytes) -> bytes:
    """Raises PduError where tag or value do not fit their two octets."""
    try:
        return _TLV_HEADER.pack(tag, len(value)) + value
    except struct.error:
        raise PduError(f"an optional parameter {tag:#x} of {len(value)} octets") from None
