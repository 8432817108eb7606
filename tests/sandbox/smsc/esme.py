"""An ESME of the tests' own: blocking socket, raw PDUs, nothing shared with the code under test."""

import socket
import ssl
import struct
from typing import Any, NamedTuple, Self

from ..far_end import DEADLINE_S

HEADER = struct.Struct(">IIII")
TRANSCEIVER, TRANSMITTER, RECEIVER = 9, 2, 1


class Pdu(NamedTuple):
    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def message_id(self) -> str:
        return self.body.rstrip(b"\0").decode()


class Esme:
    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.stream = self.socket.makefile("rb")
        self.sequence = 0

    def send(self, command: int, body: bytes = b"", *, status: int = 0, sequence: int | None = None) -> int:
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        self.socket.sendall(HEADER.pack(16 + len(body), command, status, sequence) + body)
        return sequence

    def read(self) -> Pdu | None:
        """The next PDU; None when the far end closed."""
        head = self.stream.read(16)
        if len(head) < 16:
            return None
        length, command, status, sequence = HEADER.unpack(head)
        return Pdu(command, status, sequence, self.stream.read(length - 16))

    def expect(self, command: int) -> Pdu:
        pdu = self.read()
        assert pdu is not None, f"0x{command:08X} expected, the connection ended"
        assert pdu.command == command, f"0x{command:08X} expected, {pdu} came"
        return pdu

    def bind(self, kind: int = TRANSCEIVER, system_id: str = "sandbox", password: str = "sandbox") -> Pdu:
        self.send(kind, f"{system_id}\0{password}\0\0".encode() + b"\x34\0\0\0")
        return self.expect(kind | 0x8000_0000)

    def submit(self, to: str, octets: bytes = b"hello", **fields: Any) -> int:
        return self.send(4, submit_body(to, octets, **fields))

    def submitted(self, to: str, octets: bytes = b"hello", **fields: Any) -> Pdu:
        """The answer to a submit_sm."""
        self.submit(to, octets, **fields)
        return self.expect(0x8000_0004)

    def receipt(self, status: int = 0) -> bytes:
        """The body of the next deliver_sm, answered with this status."""
        pdu = self.expect(5)
        self.send(0x8000_0005, b"\0", status=status, sequence=pdu.sequence)
        return pdu.body

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.socket.close()


def submit_body(
    to: str,
    octets: bytes = b"hello",
    *,
    source: str = "HDRXYZ",
    source_ton: int = 5,
    registered: int = 0,
    data_coding: int = 0,
    esm_class: int = 0,
    tlvs: bytes = b"",
) -> bytes:
    return b"".join(
        (
            b"\0" + bytes((source_ton, 0)) + source.encode() + b"\0",
            b"\1\1" + to.encode() + b"\0",
            bytes((esm_class, 0, 0)) + b"\0\0",
            bytes((registered, 0, data_coding, 0, len(octets))) + octets,
            tlvs,
        )
    )


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


def tlv_of(body: bytes, tag: int) -> bytes:
    """The value of an optional parameter of a deliver_sm, found by its tag and length after sm_length and the text."""
    text_at = body.index(b"id:")
    at = text_at + body[text_at - 1]
    while at < len(body):
        found, length = struct.unpack_from(">HH", body, at)
        if found == tag:
            return body[at + 4 : at + 4 + length]
        at += 4 + length
    raise AssertionError(f"no optional parameter 0x{tag:04X}")
