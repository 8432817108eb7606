"""The codec's laws: what is encoded comes back; whatever octets come, the only failure is a PduError."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata_sandbox.smsc import gsm7
from khata_sandbox.smsc.content import read_content
from khata_sandbox.smsc.numbers import Status
from khata_sandbox.smsc.pdu import Bind, PduError, ShortMessage, decode_query, decode_tlvs, encode_tlvs

from .esme import submit_body, tlv

_Given = TypeVar("_Given")
_Read = TypeVar("_Read")

octet = st.integers(0, 255)
tlvs = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=100)), max_size=5).map(tuple)


def cstring(length_max: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=length_max)


short_messages = st.builds(
    ShortMessage,
    source=cstring(20),
    destination=cstring(20),
    short_message=st.binary(max_size=254),
    data_coding=octet,
    esm_class=octet,
    registered_delivery=octet,
    tlvs=tlvs,
    source_ton=octet,
    source_npi=octet,
    destination_ton=octet,
    destination_npi=octet,
    service_type=cstring(5),
    protocol_id=octet,
    priority=octet,
    schedule_time=cstring(16),
    validity_period=cstring(16),
    replace_if_present=octet,
    default_message_id=octet,
)
binds = st.builds(Bind, cstring(15), cstring(8), cstring(12), octet, octet, octet, cstring(40))
gsm7_texts = st.text(st.sampled_from(gsm7.decode(bytes(code for code in range(128) if code != 0x1B)) + "^{}\\[~]|€\f"))


def outcome(read: Callable[[_Given], _Read], octets: _Given) -> _Read | Status:
    """What was read, or the status of the refusal; any other failure is raised."""
    try:
        return read(octets)
    except PduError as error:
        return error.status


@given(short_messages)
def test_a_short_message_survives_the_wire(message: ShortMessage) -> None:
    assert ShortMessage.decode(message.encode()) == message


@given(binds)
def test_a_bind_survives_the_wire(bind: Bind) -> None:
    assert Bind.decode(bind.encode()) == bind


@given(tlvs)
def test_optional_parameters_survive_the_wire(some: tuple[tuple[int, bytes], ...]) -> None:
    assert decode_tlvs(encode_tlvs(some), 0) == some


@given(gsm7_texts)
def test_a_text_of_the_gsm_alphabet_survives_the_wire(text: str) -> None:
    assert gsm7.decode(gsm7.encode(text)) == text


@given(st.binary(max_size=400) | short_messages.map(ShortMessage.encode))
def test_octets_that_are_no_message_are_refused_and_nothing_worse(octets: bytes) -> None:
    for decode in (ShortMessage.decode, Bind.decode, decode_query):
        assert outcome(decode, octets) is not Status.ROK


@given(short_messages)
def test_any_payload_is_read_as_writable_text_or_refused(message: ShortMessage) -> None:
    content = outcome(read_content, message)
    assert isinstance(content, Status) or not any("\ud800" <= character <= "\udfff" for character in content.text)


@given(short_messages, st.integers(0, 40))
def test_a_message_cut_short_is_refused(message: ShortMessage, cut: int) -> None:
    mandatory = ShortMessage(**{name: getattr(message, name) for name in ShortMessage.__slots__ if name != "tlvs"})
    octets = mandatory.encode()
    with pytest.raises(PduError):
        ShortMessage.decode(octets[: max(0, len(octets) - 1 - cut)])


def test_the_fields_stand_where_the_specification_puts_them() -> None:
    body = submit_body("919812345678", b"hi", registered=1, data_coding=8, esm_class=3, tlvs=tlv(0x1400, b"1101"))
    message = ShortMessage.decode(body)
    assert (message.source, message.source_ton, message.destination) == ("HDRXYZ", 5, "919812345678")
    assert (message.esm_class, message.registered_delivery, message.data_coding) == (3, 1, 8)
    assert (message.short_message, message.tlvs) == (b"hi", ((0x1400, b"1101"),))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", Status.RINVSERTYP),
        (b"TOOLONG\0", Status.RINVSERTYP),
        (b"\0\0\0" + b"9" * 21 + b"\0", Status.RINVSRCADR),
        (b"\0\0\0\0\0\0" + b"9" * 21 + b"\0", Status.RINVDSTADR),
        (submit_body("91")[:-1], Status.RINVMSGLEN),
        (submit_body("91", b"x" * 255), Status.RINVMSGLEN),
        (submit_body("91") + b"\x14\0", Status.RINVOPTPARSTREAM),
        (submit_body("91") + b"\x14\0\0\x05abc", Status.RINVPARLEN),
    ],
)
def test_each_malformation_has_its_own_status(body: bytes, status: Status) -> None:
    with pytest.raises(PduError) as refused:
        ShortMessage.decode(body)
    assert refused.value.status is status
