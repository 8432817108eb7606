"""SMPP 3.4 octets to values and back. Strict: what does not parse exactly is a `PduError` with the status to answer."""

import struct
from dataclasses import dataclass
from typing import Final, Self

from khata_sandbox.smsc.numbers import Status

HEADER: Final = struct.Struct(">IIII")
"""command_length, command_id, command_status, sequence_number."""
PDU_OCTETS_MAX: Final = 70_000
"""A submit_sm with a full message_payload (65,535 octets) fits; whatever claims more is not believed."""
SHORT_MESSAGE_OCTETS_MAX: Final = 254

_TLV_HEAD = struct.Struct(">HH")

Tlv = tuple[int, bytes]


class PduError(Exception):
    """Octets that are not a valid body; `status` is the command_status that says so."""

    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def encode_pdu(command_id: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    return HEADER.pack(HEADER.size + len(body), command_id, status, sequence) + body


def encode_cstring(text: str) -> bytes:
    """A C-octet string: one octet per character (U+0000 excluded, at most U+00FF), closed by NUL."""
    return text.encode("latin-1") + b"\0"


def encode_tlvs(tlvs: tuple[Tlv, ...]) -> bytes:
    return b"".join([_TLV_HEAD.pack(tag, len(value)) + value for tag, value in tlvs])


def decode_tlvs(body: bytes, start: int) -> tuple[Tlv, ...]:
    """All optional parameters from `start` to the end, in order, known or not."""
    tlvs: list[Tlv] = []
    while start < len(body):
        if start + 4 > len(body):
            raise PduError(Status.RINVOPTPARSTREAM, "an optional parameter's head is cut off")
        tag, length = _TLV_HEAD.unpack_from(body, start)
        start += 4 + length
        if start > len(body):
            raise PduError(Status.RINVPARLEN, f"optional parameter 0x{tag:04X} is longer than its PDU")
        tlvs.append((tag, body[start - length : start]))
    return tuple(tlvs)


@dataclass(frozen=True, slots=True)
class Bind:
    """The body of bind_transmitter, bind_receiver and bind_transceiver."""

    system_id: str
    password: str
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""

    def encode(self) -> bytes:
        names = encode_cstring(self.system_id) + encode_cstring(self.password) + encode_cstring(self.system_type)
        numbers = bytes((self.interface_version, self.addr_ton, self.addr_npi))
        return names + numbers + encode_cstring(self.address_range)

    @classmethod
    def decode(cls, body: bytes) -> Self:
        system_id, at = _cstring(body, 0, 16, Status.RINVSYSID)
        password, at = _cstring(body, at, 9, Status.RINVPASWD)
        system_type, at = _cstring(body, at, 13, Status.RBINDFAIL)
        version, ton, npi = _octets(body, at, 3)
        address_range, at = _cstring(body, at + 3, 41, Status.RBINDFAIL)
        decode_tlvs(body, at)
        return cls(system_id, password, system_type, version, ton, npi, address_range)


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body that submit_sm and deliver_sm share."""

    source: str
    destination: str
    short_message: bytes = b""
    data_coding: int = 0
    esm_class: int = 0
    registered_delivery: int = 0
    tlvs: tuple[Tlv, ...] = ()
    source_ton: int = 0
    source_npi: int = 0
    destination_ton: int = 0
    destination_npi: int = 0
    service_type: str = ""
    protocol_id: int = 0
    priority: int = 0
    schedule_time: str = ""
    validity_period: str = ""
    replace_if_present: int = 0
    default_message_id: int = 0

    def tlv(self, tag: int) -> bytes | None:
        """The first optional parameter with this tag."""
        return next((value for known, value in self.tlvs if known == tag), None)

    def encode(self) -> bytes:
        return b"".join(
            (
                encode_cstring(self.service_type),
                bytes((self.source_ton, self.source_npi)),
                encode_cstring(self.source),
                bytes((self.destination_ton, self.destination_npi)),
                encode_cstring(self.destination),
                bytes((self.esm_class, self.protocol_id, self.priority)),
                encode_cstring(self.schedule_time),
                encode_cstring(self.validity_period),
                bytes((self.registered_delivery, self.replace_if_present, self.data_coding, self.default_message_id)),
                bytes((len(self.short_message),)),
                self.short_message,
                encode_tlvs(self.tlvs),
            )
        )

    @classmethod
    def decode(cls, body: bytes) -> Self:
        service_type, at = _cstring(body, 0, 6, Status.RINVSERTYP)
        source_ton, source_npi = _octets(body, at, 2)
        source, at = _cstring(body, at + 2, 21, Status.RINVSRCADR)
        destination_ton, destination_npi = _octets(body, at, 2)
        destination, at = _cstring(body, at + 2, 21, Status.RINVDSTADR)
        esm_class, protocol_id, priority = _octets(body, at, 3)
        schedule_time, at = _cstring(body, at + 3, 17, Status.RINVSCHED)
        validity_period, at = _cstring(body, at, 17, Status.RINVEXPIRY)
        registered_delivery, replace, data_coding, default_message_id, length = _octets(body, at, 5)
        at += 5
        end = at + length
        if length > SHORT_MESSAGE_OCTETS_MAX or end > len(body):
            raise PduError(Status.RINVMSGLEN, f"sm_length {length} does not fit")
        return cls(
            source=source,
            destination=destination,
            short_message=body[at:end],
            data_coding=data_coding,
            esm_class=esm_class,
            registered_delivery=registered_delivery,
            tlvs=decode_tlvs(body, end) if end < len(body) else (),
            source_ton=source_ton,
            source_npi=source_npi,
            destination_ton=destination_ton,
            destination_npi=destination_npi,
            service_type=service_type,
            protocol_id=protocol_id,
            priority=priority,
            schedule_time=schedule_time,
            validity_period=validity_period,
            replace_if_present=replace,
            default_message_id=default_message_id,
        )


def decode_query(body: bytes) -> str:
    """The message id a query_sm asks about."""
    message_id, at = _cstring(body, 0, 65, Status.RINVMSGID)
    _octets(body, at, 2)
    _, at = _cstring(body, at + 2, 21, Status.RINVSRCADR)
    if at != len(body):
        raise PduError(Status.RINVCMDLEN, "octets are left over after a query_sm")
    return message_id


def _cstring(body: bytes, start: int, octets_max: int, status: Status) -> tuple[str, int]:
    """The string that starts here and where the next field starts; `octets_max` counts the closing NUL."""
    end = body.find(0, start, start + octets_max)
    if end < 0:
        raise PduError(status, f"no NUL within {octets_max} octets")
    return body[start:end].decode("latin-1"), end + 1


def _octets(body: bytes, start: int, count: int) -> bytes:
    octets = body[start : start + count]
    if len(octets) < count:
        raise PduError(Status.RINVCMDLEN, "the body ends too soon")
    return octets
