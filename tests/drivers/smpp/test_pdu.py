"""Laws of the codec: what is written is read back, and no bytes from outside do more than raise PduError."""

import struct
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.carriers.drivers.smpp.bodies import (
    Address,
    QueryAnswer,
    ShortMessage,
    bind_body,
    message_id_of,
    query_answer_of,
    query_body,
)
from khata.carriers.drivers.smpp.pdu import PDU_MAX, Pdu, PduBuffer, PduError

from .fake_smsc import delivery_body

octet = st.integers(0, 255)
word = st.integers(0, 2**32 - 1)
string = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
addresses = st.builds(Address, octet, octet, string)
tlvs = st.lists(st.tuples(st.integers(0, 65_535), st.binary(max_size=70)), max_size=4).map(tuple)
short_messages = st.builds(
    ShortMessage, addresses, addresses, octet, octet, octet, octets=st.binary(max_size=254), tlvs=tlvs
)
pdus = st.builds(Pdu, word, word, word, st.binary(max_size=80))


@given(short_messages)
def test_a_short_message_is_read_back_as_it_was_written(message: ShortMessage) -> None:
    assert ShortMessage.decode(message.encode()) == message


@given(st.lists(pdus, max_size=6), st.data())
def test_pdus_come_out_the_same_however_the_stream_is_cut(sent: list[Pdu], data: st.DataObject) -> None:
    stream = b"".join(pdu.encode() for pdu in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    buffer = PduBuffer()
    received = [
        pdu
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for pdu in buffer.push(stream[start:end])
    ]
    assert received == sent


def test_pdus_come_out_of_single_octets() -> None:
    buffer = PduBuffer()
    stream = Pdu(0x15, 0, 1).encode() + Pdu(0x80000004, 0, 2, b"id\0").encode()
    received = [pdu for octet in stream for pdu in buffer.push(bytes((octet,)))]
    assert received == [Pdu(0x15, 0, 1), Pdu(0x80000004, 0, 2, b"id\0")]


@given(st.binary(max_size=300), st.sampled_from((ShortMessage.decode, ShortMessage.decode_data)))
def test_any_bytes_are_read_or_refused_as_a_short_message(body: bytes, decode: Callable[[bytes], ShortMessage]) -> None:
    with suppress(PduError):
        message = decode(body)
        assert len(message.octets) + sum(4 + len(value) for _, value in message.tlvs) < len(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_as_an_answer(body: bytes) -> None:
    with suppress(PduError):
        assert message_id_of(body).encode("latin-1") in body
    with suppress(PduError):
        assert query_answer_of(body).message_state in body


@given(short_messages, st.data())
def test_a_short_message_cut_anywhere_before_its_tlvs_is_refused(message: ShortMessage, data: st.DataObject) -> None:
    bare = ShortMessage(
        message.source, message.destination, message.esm_class, 1, message.data_coding, message.octets
    ).encode()
    with pytest.raises(PduError):
        ShortMessage.decode(bare[: data.draw(st.integers(0, len(bare) - 1))])


@given(st.binary(max_size=200))
def test_any_stream_is_read_or_refused(stream: bytes) -> None:
    with suppress(PduError):
        assert sum(16 + len(pdu.body) for pdu in PduBuffer().push(stream)) <= len(stream)


@pytest.mark.parametrize("length", [0, 1, 15, PDU_MAX + 1, 2**31, 2**32 - 1])
def test_a_length_no_pdu_has_is_refused_at_once(length: int) -> None:
    with pytest.raises(PduError):
        list(PduBuffer().push(struct.pack(">I", length)))


def test_pdus_before_a_bad_length_still_come_out() -> None:
    pdus_read = PduBuffer().push(Pdu(0x15, 0, 9).encode() + bytes(4))
    assert next(pdus_read) == Pdu(0x15, 0, 9)
    with pytest.raises(PduError):
        next(pdus_read)


@pytest.mark.parametrize("tail", [b"\x00", b"\x00\x1e\x00", b"\x00\x1e\x00\x05abcd"])
def test_a_cut_tlv_is_refused(tail: bytes) -> None:
    with pytest.raises(PduError):
        ShortMessage.decode(delivery_body(b"id:1", tlvs=tail))


def test_fields_we_do_not_use_are_passed_over() -> None:
    times = b"260101000000000+\x00260102000000000+\x00"
    body = b"CMT" + delivery_body(b"")[:-10] + b"\x04\x11\x03" + times + b"\1\1\3\2\4" + b"id:1"
    message = ShortMessage.decode(body)
    assert (message.octets, message.esm_class, message.data_coding) == (b"id:1", 0x04, 3)
    assert message.source == Address(1, 1, "919812345678")


@pytest.mark.parametrize("text", ["a\0b", "रुपये"])
def test_a_string_the_wire_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(PduError):
        bind_body(text, "", "")


def test_an_address_too_long_for_its_field_is_refused() -> None:
    long = Address(1, 1, "9" * 21)
    with pytest.raises(PduError):
        ShortMessage(long, long, 0, 1, 0, b"").encode()


def test_a_bind_asks_for_version_3_4() -> None:
    assert bind_body("asha", "s3cret", "VMA") == b"asha\0s3cret\0VMA\0\x34\0\0\0"


def test_a_message_id_keeps_its_spelling() -> None:
    assert message_id_of(b"00aB-7\0") == "00aB-7"


@pytest.mark.parametrize("body", [b"", b"no end"])
def test_a_message_id_without_its_end_is_refused(body: bytes) -> None:
    with pytest.raises(PduError):
        message_id_of(body)


def test_a_data_sm_carries_its_message_in_its_parameters() -> None:
    tlvs = b"\x00\x1e\x00\x037f\0" + b"\x04\x24\x00\x04text"
    message = ShortMessage.decode_data(b"CMT\0\1\1919812345678\0\5\0HDRXYZ\0\x04\x01\x08" + tlvs)
    assert message == ShortMessage(
        Address(1, 1, "919812345678"),
        Address(5, 0, "HDRXYZ"),
        esm_class=0x04,
        registered_delivery=1,
        data_coding=8,
        octets=b"",
        tlvs=((0x1E, b"7f\0"), (0x424, b"text")),
    )
    assert message.content == b"text"


def test_a_query_names_the_message_and_its_sender() -> None:
    assert query_body("7f", Address(5, 0, "HDRXYZ")) == b"7f\0\5\0HDRXYZ\0"


def test_the_answer_to_a_query_is_read() -> None:
    final = b"7f\x00" + b"260101120000000+\x00" + b"\x02\x00"
    assert query_answer_of(final) == QueryAnswer("7f", "260101120000000+", 2, 0)
    assert query_answer_of(b"7f\x00\x00\x01\x05") == QueryAnswer("7f", "", 1, 5)


@pytest.mark.parametrize("body", [b"", b"7f", b"7f\0", b"7f\0\0", b"7f\0\0\1"])
def test_an_answer_to_a_query_that_ends_too_early_is_refused(body: bytes) -> None:
    with pytest.raises(PduError):
        query_answer_of(body)


@pytest.mark.parametrize("tlv", [(0x1_0000, b""), (0x424, b"a" * 65_536)])
def test_a_parameter_that_does_not_fit_is_refused(tlv: tuple[int, bytes]) -> None:
    with pytest.raises(PduError):
        ShortMessage(Address(1, 1, "91"), Address(1, 1, "91"), 0, 1, 0, b"", (tlv,)).encode()
