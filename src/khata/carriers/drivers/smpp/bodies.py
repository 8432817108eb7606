"""What stands in the bodies of the PDUs we speak (SMPP 3.4, §4), as values and back.

Bodies without fields (`unbind`, `enquire_link`, `generic_nack`) need nothing here; `alert_notification` is not read,
and `outbind` is not spoken: it asks for a listening port on our side.
"""

from collections.abc import Iterable
from typing import NamedTuple

from khata.carriers.drivers.smpp.pdu import FieldReader, PduError, Tlv, c_octets, encode_tlv

TLV_RECEIPTED_MESSAGE_ID = 0x001E
TLV_SAR_MSG_REF_NUM = 0x020C
TLV_SAR_TOTAL_SEGMENTS = 0x020E
TLV_SAR_SEGMENT_SEQNUM = 0x020F
TLV_NETWORK_ERROR_CODE = 0x0423
TLV_MESSAGE_PAYLOAD = 0x0424
TLV_MESSAGE_STATE = 0x0427

ESM_HAS_HEADER = 0x40
"""The bit of esm_class that says: the message begins with a user data header."""

INTERFACE_VERSION = 0x34
SHORT_MESSAGE_MAX = 254
MESSAGE_ID_MAX = 255
"""The field holds 64; a few carriers write more. Beyond this an id could not be looked up any more."""

_ADDRESS_MAX = 20
_CREDENTIAL_MAX = 255
"""system_id and its like: several carriers issue longer ones than the specification allows, and know why."""


class Address(NamedTuple):
    """A number or name with its type of number and numbering plan."""

    ton: int
    npi: int
    text: str

    def encode(self) -> bytes:
        """Raises PduError."""
        return bytes((self.ton, self.npi)) + c_octets(self.text, _ADDRESS_MAX)


class ShortMessage(NamedTuple):
    """What `submit_sm`, `deliver_sm` and `data_sm` share; fields we never set are written as zero and not read."""

    source: Address
    destination: Address
    esm_class: int
    registered_delivery: int
    data_coding: int
    octets: bytes
    tlvs: tuple[Tlv, ...] = ()
    """In order."""

    def encode(self) -> bytes:
        """The body of a `submit_sm` or `deliver_sm`. Raises PduError where a value does not fit its field."""
        if len(self.octets) > SHORT_MESSAGE_MAX:
            raise PduError(f"{len(self.octets)} octets do not fit one short message")
        flags = (self.esm_class, 0, 0, 0, 0, self.registered_delivery, 0, self.data_coding, 0, len(self.octets))
        body = b"\0" + self.source.encode() + self.destination.encode() + bytes(flags) + self.octets
        return body + b"".join([encode_tlv(tag, value) for tag, value in self.tlvs]) if self.tlvs else body

    @classmethod
    def decode(cls, body: bytes) -> "ShortMessage":
        """From the body of a `submit_sm` or `deliver_sm`. Raises PduError."""
        reader = FieldReader(body)
        reader.c_octets()  # service_type
        source, destination = Address(*reader.address()), Address(*reader.address())
        esm_class, _protocol_id, _priority = reader.octets(3)
        reader.c_octets()  # schedule_delivery_time
        reader.c_octets()  # validity_period
        registered_delivery, _replace, data_coding, _default_message, length = reader.octets(5)
        octets = reader.octets(length)
        return cls(source, destination, esm_class, registered_delivery, data_coding, octets, tuple(reader.tlvs()))

    @classmethod
    def decode_data(cls, body: bytes) -> "ShortMessage":
        """From the body of a `data_sm`, whose message is always a message_payload. Raises PduError."""
        reader = FieldReader(body)
        reader.c_octets()  # service_type
        source, destination = Address(*reader.address()), Address(*reader.address())
        esm_class, registered_delivery, data_coding = reader.octets(3)
        return cls(source, destination, esm_class, registered_delivery, data_coding, b"", tuple(reader.tlvs()))

    def tlv(self, tag: int) -> bytes | None:
        """The value of the first TLV with this tag."""
        return next((value for each, value in self.tlvs if each == tag), None)

    @property
    def content(self) -> bytes:
        """What the message says, in whichever of the two places it stands."""
        return self.octets or self.tlv(TLV_MESSAGE_PAYLOAD) or b""


class QueryAnswer(NamedTuple):
    """The body of a `query_sm_resp`."""

    message_id: str
    final_date: str
    """When it became final, in the SMSC's notation; empty while it is not."""
    message_state: int
    error_code: int


def bind_body(system_id: str, password: str, system_type: str) -> bytes:
    """The body of all three binds; addresses are left to the SMSC's own configuration. Raises PduError."""
    return (
        _strings((system_id, password, system_type), _CREDENTIAL_MAX)
        + bytes((INTERFACE_VERSION, 0, 0))  # any type of number, any plan
        + c_octets("", 0)
    )


def query_body(message_id: str, source: Address) -> bytes:
    """The body of a `query_sm`: the id and the sender of the submission asked about. Raises PduError."""
    return c_octets(message_id, MESSAGE_ID_MAX) + source.encode()


def query_answer_of(body: bytes) -> QueryAnswer:
    """Raises PduError."""
    reader = FieldReader(body)
    message_id, final_date = reader.c_octets(), reader.c_octets()
    return QueryAnswer(message_id, final_date, *reader.octets(2))


def message_id_of(body: bytes) -> str:
    """The message id in the body of a `submit_sm_resp`, as the SMSC spelled it. Raises PduError."""
    message_id = FieldReader(body).c_octets()
    if len(message_id) > MESSAGE_ID_MAX:
        raise PduError(f"a message id of {len(message_id)} octets")
    return message_id


def _strings(texts: Iterable[str], octets_max: int) -> bytes:
    return b"".join(c_octets(text, octets_max) for text in texts)
