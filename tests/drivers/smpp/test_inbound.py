"""What a phone wrote, read from a deliver_sm."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.carriers.drivers.smpp.bodies import Address, ShortMessage
from khata.carriers.drivers.smpp.inbound import Inbound, Part, inbound_of, joined_text, text_of
from khata.carriers.drivers.smpp.pdu import PduError
from khata.kernel import gsm7

PHONE = Address(1, 1, "919812345678")
US = Address(3, 0, "56161")
HEADED = 0x40


def delivery(
    octets: bytes, *tlvs: tuple[int, bytes], esm_class: int = 0, data_coding: int = 0, source: Address = PHONE
) -> ShortMessage:
    return ShortMessage(source, US, esm_class, 0, data_coding, octets, tlvs)


def test_a_short_message_is_whole() -> None:
    assert inbound_of(delivery(b"STOP")) == Inbound("+919812345678", "56161", 0, b"STOP", None)


def test_the_text_may_come_as_message_payload() -> None:
    assert inbound_of(delivery(b"", (0x424, b"x" * 1_000))).octets == b"x" * 1_000


@pytest.mark.parametrize(
    ("source", "sender"),
    [
        (Address(1, 1, "919812345678"), "+919812345678"),
        (Address(2, 1, "9812345678"), "9812345678"),
        (Address(0, 1, "919812345678"), "919812345678"),
        (Address(1, 1, "+919812345678"), "+919812345678"),
        (Address(5, 0, "AX-BANK"), "AX-BANK"),
        (Address(1, 1, ""), ""),
        (Address(1, 1, "²"), "²"),
    ],
)
def test_only_what_is_called_international_gets_the_plus(source: Address, sender: str) -> None:
    assert inbound_of(delivery(b"STOP", source=source)).sender == sender


@pytest.mark.parametrize(
    ("octets", "part", "rest"),
    [
        (b"\x05\x00\x03\x34\x03\x02text", Part(0x34, 3, 2), b"text"),
        (b"\x06\x08\x04\x12\x34\x03\x02text", Part(0x1234, 3, 2), b"text"),
        (b"\x09\x05\x02\x23\xf0\x00\x03\x34\x03\x02text", Part(0x34, 3, 2), b"text"),
        (b"\x06\x05\x04\x15\x81\x15\x81ringtone", None, b"ringtone"),
        (b"\x00text", None, b"text"),
        (b"\x05\x00\x03\x34\x03\x00text", None, b"text"),
        (b"\x05\x00\x03\x34\x03\x04text", None, b"text"),
        (b"\x05\x00\x03\x34\x01\x01text", None, b"text"),
        (b"\x05\x00\x03\x34\x00\x00text", None, b"text"),
        (b"\x03\x00\x03\x34text", None, b"text"),
        (b"\x01\x00text", None, b"text"),
    ],
)
def test_a_header_is_cut_off_and_says_which_part_it_is(octets: bytes, part: Part | None, rest: bytes) -> None:
    found = inbound_of(delivery(octets, esm_class=HEADED))
    assert (found.part, found.octets) == (part, rest)


def test_a_part_may_be_told_by_optional_parameters() -> None:
    tlvs = ((0x20C, b"\x12\x34"), (0x20E, b"\x02"), (0x20F, b"\x01"))
    assert inbound_of(delivery(b"text", *tlvs)).part == Part(0x1234, 2, 1)
    assert inbound_of(delivery(b"text", *tlvs[:2])).part is None


@pytest.mark.parametrize("octets", [b"", b"\x05", b"\x05\x00\x03\x34\x03", b"\xff" + b"a" * 100])
def test_a_header_longer_than_its_message_is_refused(octets: bytes) -> None:
    with pytest.raises(PduError):
        inbound_of(delivery(octets, esm_class=HEADED))


def test_a_part_longer_than_a_short_message_is_refused() -> None:
    with pytest.raises(PduError):
        inbound_of(delivery(b"", (0x424, b"\x05\x00\x03\x34\x03\x02" + b"a" * 255), esm_class=HEADED))


@pytest.mark.parametrize(
    ("octets", "data_coding", "text"),
    [
        (b"\x1b\x65 {\x1b(", 0x00, "€ ä{"),
        (b"\x00", 0x00, "@"),
        (b"\x00", 0xF1, "@"),
        (b"caf\xe9", 0x03, "café"),
        (b"caf\xe9", 0x01, "caf\ufffd"),
        (b"\xb1", 0x06, "Б"),
        (b"\xe0", 0x07, "א"),
        ("नमस्ते 😀".encode("utf-16-be"), 0x08, "नमस्ते 😀"),
        (b"\xd8\x3d", 0x08, "\ufffd"),
        (b"\x09\x28\x09", 0x08, "न\ufffd"),
        (b"\xfe\x00\x7f", 0x04, "þ\ufffd\x7f"),
        (b"a\0b", 0x03, "a\ufffdb"),
    ],
)
def test_a_text_is_read_by_its_data_coding(octets: bytes, data_coding: int, text: str) -> None:
    assert text_of(octets, data_coding) == text


def test_a_character_may_stand_in_two_parts() -> None:
    smile = "😀".encode("utf-16-be")
    assert joined_text({2: smile[2:], 1: smile[:2]}, 2, 8) == "😀"
    assert joined_text({1: b"5 \x1b", 2: b"\x65"}, 2, 0) == "5 €"


@pytest.mark.parametrize(
    ("parts", "text"),
    [({1: b"a", 3: b"c"}, "a…c"), ({2: b"b", 3: b"c"}, "…bc"), ({1: b"a"}, "a……"), ({3: b"c"}, "……c")],
)
def test_every_part_that_never_came_leaves_a_gap(parts: dict[int, bytes], text: str) -> None:
    assert joined_text(parts, 3, 0) == text


@given(
    st.binary(max_size=300),
    st.integers(0, 255),
    st.integers(0, 255),
    st.lists(st.tuples(st.sampled_from((0x20C, 0x20E, 0x20F, 0x424)), st.binary(max_size=300)), max_size=5),
)
def test_any_delivery_gives_a_text_the_database_can_keep_or_is_refused(
    octets: bytes, esm_class: int, data_coding: int, tlvs: list[tuple[int, bytes]]
) -> None:
    with suppress(PduError):
        found = inbound_of(delivery(octets, *tlvs, esm_class=esm_class, data_coding=data_coding))
        text = text_of(found.octets, data_coding)
        assert text.encode().decode() == text
        assert "\0" not in text


@given(st.text(st.sampled_from(list(gsm7.SEPTETS))), st.data())
def test_a_text_cut_anywhere_is_joined_to_itself(text: str, data: st.DataObject) -> None:
    octets = gsm7.encode(text)
    cut = data.draw(st.integers(0, len(octets)))
    assert joined_text({1: octets[:cut], 2: octets[cut:]}, 2, 0) == text
