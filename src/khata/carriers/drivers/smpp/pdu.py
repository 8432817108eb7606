"""SMPP 3.4 on the wire: the PDUs we speak, to bytes and back. No I/O, no state beyond an unfinished PDU.

Source: SMPP Protocol Specification v3.4 issue 1.2, §3 to §5. We write within its field sizes; we read any
terminated string, since carriers are generous with theirs and a receipt is worth more than a rule.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

RESPONSE = 0x80000000
"""Added to a request's command it names its answer."""

BIND_TRANSCEIVER = 0x00000009
SUBMIT_SM = 0x00000004
DELIVER_SM = 0x00000005
UNBIND = 0x00000006
ENQUIRE_LINK = 0x00000015
ALERT_NOTIFICATION = 0x00000102
GENERIC_NACK = 0x80000000
SUBMIT_SM_RESP = RESPONSE | SUBMIT_SM

TLV_RECEIPTED_MESSAGE_ID = 0x001E
TLV_NETWORK_ERROR_CODE = 0x0423
TLV_MESSAGE_PAYLOAD = 0x0424
TLV_MESSAGE_STATE = 0x0427

INTERFACE_VERSION = 0x34
SEQUENCE_MAX = 0x7FFFFFFF
SHORT_MESSAGE_MAX = 254
ADDRESS_MAX = 20
PDU_MAX = 65_536

_HEADER = struct.Struct(">IIII")
_LENGTH = struct.Struct(">I")
_TLV_HEADER = struct.Struct(">HH")


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
    """Cuts a stream of bytes, in whatever chunks it comes, into PDUs."""

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


class Address(NamedTuple):
    """A number or name with its type of number and numbering plan."""

    ton: int
    npi: int
    text: str


class ShortMessage(NamedTuple):
    """The body `submit_sm` and `deliver_sm` share; fields we never set are written as zero and not read."""

    source: Address
    destination: Address
    esm_class: int
    registered_delivery: int
    data_coding: int
    octets: bytes
    tlvs: tuple[tuple[int, bytes], ...] = ()
    """(tag, value) in order."""

    def encode(self) -> bytes:
        """Raises PduError where a value does not fit its field."""
        if len(self.octets) > SHORT_MESSAGE_MAX:
            raise PduError(f"{len(self.octets)} octets do not fit one short message")
        flags = (self.esm_class, 0, 0, 0, 0, self.registered_delivery, 0, self.data_coding, 0, len(self.octets))
        return b"".join(
            (
                b"\0",
                _encode_address(self.source),
                _encode_address(self.destination),
                bytes(flags),
                self.octets,
                *(_TLV_HEADER.pack(tag, len(value)) + value for tag, value in self.tlvs),
            )
        )

    @classmethod
    def decode(cls, body: bytes) -> "ShortMessage":
        """Raises PduError."""
        reader = _Reader(body)
        reader.c_octets()  # service_type
        source, destination = reader.address(), reader.address()
        esm_class, _protocol_id, _priority = reader.octets(3)
        reader.c_octets()  # schedule_delivery_time
        reader.c_octets()  # validity_period
        registered_delivery, _replace, data_coding, _default_message, length = reader.octets(5)
        octets = reader.octets(length)
        return cls(source, destination, esm_class, registered_delivery, data_coding, octets, tuple(reader.tlvs()))

    def tlv(self, tag: int) -> bytes | None:
        """The value of the first TLV with this tag."""
        return next((value for each, value in self.tlvs if each == tag), None)


def bind_body(system_id: str, password: str, system_type: str) -> bytes:
    """The body of `bind_transceiver`; addresses are left to the SMSC's own configuration."""
    strings = b"".join(c_octets(text) for text in (system_id, password, system_type))
    return strings + bytes((INTERFACE_VERSION, 0, 0)) + c_octets("")


def message_id_of(body: bytes) -> str:
    """The message id in the body of a `submit_sm_resp`, as the SMSC spelled it. Raises PduError."""
    return _Reader(body).c_octets()


def c_octets(text: str) -> bytes:
    """A NUL-terminated string. Raises PduError for what it cannot hold."""
    if "\0" in text:
        raise PduError("a NUL inside a string")
    try:
        return text.encode("latin-1") + b"\0"
    except UnicodeEncodeError:
        raise PduError("a character that takes more than one octet") from None


def _encode_address(address: Address) -> bytes:
    if len(address.text) > ADDRESS_MAX:
        raise PduError(f"an address of {len(address.text)} characters")
    return bytes((address.ton, address.npi)) + c_octets(address.text)


class _Reader:
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

    def address(self) -> Address:
        body, start = self._body, self._position
        end = body.find(0, start + 2)
        if end < 0:
            raise PduError("an address without its end")
        self._position = end + 1
        return Address(body[start], body[start + 1], body[start + 2 : end].decode("latin-1"))

    def tlvs(self) -> Iterator[tuple[int, bytes]]:
        while self._position < len(self._body):
            tag, length = _TLV_HEADER.unpack(self.octets(_TLV_HEADER.size))
            yield tag, self.octets(length)
