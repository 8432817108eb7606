"""What a payload says: alphabets, headers, and what fits one segment."""

import pytest

from khata_sandbox.smsc.content import Part, read_content
from khata_sandbox.smsc.numbers import Status
from khata_sandbox.smsc.pdu import PduError, ShortMessage

UDH_8 = bytes((5, 0, 3, 0xAB, 3, 2))
UDH_16 = bytes((6, 8, 4, 0xAB, 0xCD, 3, 2))


def message(octets: bytes, data_coding: int = 0, *, has_udh: bool = False, **fields: object) -> ShortMessage:
    esm_class = 0x40 if has_udh else 0
    return ShortMessage("HDRXYZ", "91", octets, data_coding, esm_class, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data_coding", "octets", "text"),
    [
        (0, b"\x00 \x02 \x1b\x65 \x1b\x3c\x1b\x3e", "@ $ € []"),
        (0, b"caf\x05 \x40 \x60", "café ¡ ¿"),
        (0, b"end\x1b", "end\ufffd"),
        (0, b"\x1b\x41 \x80", "\ufffd \ufffd"),
        (1, b"plain_@", "plain_@"),
        (3, "déjà".encode("latin-1"), "déjà"),
        (4, b"\x01\xff", "01ff"),
        (8, "नमस्ते 😀".encode("utf-16-be"), "नमस्ते 😀"),
        (8, "😀".encode("utf-16-be")[:2], "\ufffd"),
    ],
)
def test_each_alphabet_is_read(data_coding: int, octets: bytes, text: str) -> None:
    assert read_content(message(octets, data_coding)).text == text


@pytest.mark.parametrize(
    ("udh", "part"),
    [
        (UDH_8, Part(0xAB, number=2, count=3)),
        (UDH_16, Part(0xABCD, number=2, count=3)),
        (bytes((11, 5, 4, 1, 2, 3, 4, 0, 3, 7, 2, 1)), Part(7, number=1, count=2)),
        (bytes((5, 0, 3, 7, 2, 0)), None),
        (bytes((5, 0, 3, 7, 2, 3)), None),
        (bytes((0,)), None),
    ],
)
def test_the_header_tells_the_part(udh: bytes, part: Part | None) -> None:
    content = read_content(message(udh + b"text", has_udh=True))
    assert (content.part, content.text, content.udh) == (part, "text", udh)


def test_optional_parameters_tell_the_part_too() -> None:
    sar = ((0x020C, b"\x01\x02"), (0x020E, b"\x03"), (0x020F, b"\x01"))
    assert read_content(message(b"text", tlvs=sar)).part == Part(0x0102, number=1, count=3)


@pytest.mark.parametrize("udh", [b"", b"\x05", b"\x05\x00\x03\x01", b"\x02\x00\x03", b"\x01\x00"])
def test_a_header_that_does_not_fit_is_refused(udh: bytes) -> None:
    with pytest.raises(PduError):
        read_content(message(udh, has_udh=True))


@pytest.mark.parametrize(
    ("udh", "data_coding", "octets_max"),
    [
        (b"", 0, 160),
        (UDH_8, 0, 153),
        (UDH_16, 0, 152),
        (b"", 1, 160),
        (b"", 3, 140),
        (b"", 8, 140),
        (UDH_8, 8, 134),
        (UDH_16, 8, 132),
    ],
)
def test_a_part_holds_one_segment_and_no_more(udh: bytes, data_coding: int, octets_max: int) -> None:
    step = 2 if data_coding == 8 else 1
    fitting = message(udh + bytes(octets_max), data_coding, has_udh=bool(udh))
    assert len(read_content(fitting).octets) == octets_max
    with pytest.raises(PduError) as refused:
        read_content(message(udh + bytes(octets_max + step), data_coding, has_udh=bool(udh)))
    assert refused.value.status is Status.RINVMSGLEN


def test_half_a_ucs2_character_is_refused() -> None:
    with pytest.raises(PduError):
        read_content(message(b"\0a\0", 8))


def test_message_payload_may_be_longer_than_a_segment_but_stands_alone() -> None:
    long = ("क" * 500).encode("utf-16-be")
    assert read_content(message(b"", 8, tlvs=((0x0424, long),))).text == "क" * 500
    with pytest.raises(PduError) as refused:
        read_content(message(b"both", tlvs=((0x0424, b"both"),)))
    assert refused.value.status is Status.ROPTPARNOTALLWD
