"""What a submission looks like on the wire, and what each answer means."""

import pytest

from khata.carriers.drivers.smpp.bodies import Address, ShortMessage
from khata.carriers.drivers.smpp.message_ids import MessageIds
from khata.carriers.drivers.smpp.pdu import GENERIC_NACK, SUBMIT_SM_RESP, Pdu
from khata.carriers.drivers.smpp.submissions import (
    AS_USUAL,
    LongMessages,
    NotEncodable,
    NumberKind,
    SubmitForm,
    answer_of,
    submit_body,
)
from khata.carriers.port import Accepted, Answer, Dlt, Refused, Unavailable, Unknown

from .fake_smsc import submission


def test_one_part_is_written_octet_by_octet_as_the_specification_says() -> None:
    assert submit_body(submission(text="Hi€"), AS_USUAL) == (
        b"\0"  # service_type
        b"\x05\x00HDRXYZ\0"
        b"\x01\x01919812345678\0"
        b"\x00\x00\x00"  # esm_class, protocol_id, priority
        b"\0\0"  # schedule, validity
        b"\x01\x00\x00\x00\x04"  # receipt wanted, replace, data_coding, default message, length
        b"Hi\x1b\x65"
    )


def test_a_part_of_many_carries_the_concatenation_header() -> None:
    message = ShortMessage.decode(submit_body(submission(part=2, part_count=3, concatenation_ref=0x1234), AS_USUAL))
    assert message.esm_class == 0x40
    assert message.octets == b"\x05\x00\x03\x34\x03\x02Namaste"


def test_the_largest_parts_fit_140_octets_with_their_header() -> None:
    septets = len(ShortMessage.decode(submit_body(submission(text="a" * 153, part_count=2), AS_USUAL)).octets) - 6
    assert (6 * 8 + 6) // 7 + septets == 160
    ucs2 = submit_body(submission(text="न" * 67, encoding="ucs2", part_count=2), AS_USUAL)
    assert len(ShortMessage.decode(ucs2).octets) == 140


def test_ucs2_is_big_endian_with_surrogate_pairs() -> None:
    message = ShortMessage.decode(submit_body(submission(text="न😀", encoding="ucs2"), AS_USUAL))
    assert (message.data_coding, message.octets.hex()) == (8, "0928d83dde00")


SAR, PAYLOAD = SubmitForm(long_messages=LongMessages.SAR), SubmitForm(long_messages=LongMessages.PAYLOAD)


def test_a_part_of_many_may_be_told_by_optional_parameters() -> None:
    message = ShortMessage.decode(submit_body(submission(part=2, part_count=3, concatenation_ref=0x1234), SAR))
    assert (message.esm_class, message.octets) == (0, b"Namaste")
    assert message.tlvs == ((0x20C, b"\x12\x34"), (0x20E, b"\x03"), (0x20F, b"\x02"))


@pytest.mark.parametrize(
    ("text", "encoding", "is_payload"),
    [("a" * 160, "gsm7", False), ("a" * 161, "gsm7", True), ("न" * 70, "ucs2", False), ("न" * 71, "ucs2", True)],
)
def test_a_whole_text_too_long_for_one_part_travels_as_payload(text: str, encoding: str, is_payload: bool) -> None:
    message = ShortMessage.decode(submit_body(submission(text=text, encoding=encoding), PAYLOAD))
    octets = text.encode("ascii" if encoding == "gsm7" else "utf-16-be")
    assert (message.octets, message.tlvs) == ((b"", ((0x424, octets),)) if is_payload else (octets, ()))
    assert message.esm_class == 0


def test_registrations_travel_after_what_the_message_itself_needs() -> None:
    registered = submission(part=1, part_count=2, dlt=Dlt("1101", "1107", ("1101", "1102")))
    tags = [tag for tag, _ in ShortMessage.decode(submit_body(registered, SAR)).tlvs]
    assert tags == [0x20C, 0x20E, 0x20F, 0x1400, 0x1401, 0x1402]
    payload = submission(text="a" * 200, dlt=Dlt("1101", "1107", ()))
    assert ShortMessage.decode(submit_body(payload, PAYLOAD)).tlvs == (
        (0x424, b"a" * 200),
        (0x1400, b"1101"),
        (0x1401, b"1107"),
    )


def test_a_carrier_may_want_its_own_kinds_of_number() -> None:
    form = SubmitForm(
        sender_name=NumberKind(5, 1),
        sender_number=NumberKind(2, 1),
        sender_short_code=NumberKind(3, 0),
        recipient=NumberKind(0, 1),
    )
    for sender, kind in {"HDRXYZ": (5, 1), "+919800000000": (2, 1), "919800000000": (2, 1), "561612": (3, 0)}.items():
        message = ShortMessage.decode(submit_body(submission(sender=sender), form))
        assert message.source[:2] == kind
        assert message.destination == Address(0, 1, "919812345678")


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("HDRXYZ", Address(5, 0, "HDRXYZ")),
        ("My Shop 24", Address(5, 0, "My Shop 24")),
        ("+919800000000", Address(1, 1, "919800000000")),
        ("56161", Address(1, 1, "56161")),
    ],
)
def test_a_sender_has_the_type_of_its_kind(sender: str, address: Address) -> None:
    assert ShortMessage.decode(submit_body(submission(sender=sender), AS_USUAL)).source == address


@pytest.mark.parametrize(
    "change",
    [
        {"sender": ""},
        {"sender": "TwelveLetter"},
        {"sender": "HDR\r\nX"},
        {"sender": "HDR\0X"},
        {"sender": "हेडर"},
        {"sender": "१२३"},
        {"recipient": ""},
        {"recipient": "919812345678"},
        {"recipient": "+91 98123"},
        {"recipient": "+9198123456781234"},
        {"recipient": "+९१"},
        {"recipient": "+91\n"},
        {"text": "₹"},
        {"text": "\ud800", "encoding": "ucs2"},
        {"text": "a" * 255},
        {"part": 0, "part_count": 2},
        {"part": 3, "part_count": 2},
        {"part": 1, "part_count": 256},
    ],
)
def test_what_cannot_be_written_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(NotEncodable):
        submit_body(submission(**change), AS_USUAL)


@pytest.mark.parametrize(
    ("pdu", "answer"),
    [
        (Pdu(SUBMIT_SM_RESP, 0, 1, b"00aB\0"), Accepted("00aB")),
        (Pdu(SUBMIT_SM_RESP, 0x0B, 1), Refused("0x0000000B", "ESME_RINVDSTADR")),
        (Pdu(SUBMIT_SM_RESP, 0x0B, 1, b"00aB\0"), Refused("0x0000000B", "ESME_RINVDSTADR")),
        (Pdu(SUBMIT_SM_RESP, 0x400, 1), Refused("0x00000400", "a status of the carrier's own")),
        (Pdu(SUBMIT_SM_RESP, 0x58, 1), Unavailable("ESME_RTHROTTLED", is_throttled=True)),
        (Pdu(SUBMIT_SM_RESP, 0x14, 1), Unavailable("ESME_RMSGQFUL", is_throttled=True)),
        (Pdu(GENERIC_NACK, 0x03, 1), Refused("0x00000003", "ESME_RINVCMDID")),
        (Pdu(GENERIC_NACK, 0x58, 1), Unavailable("ESME_RTHROTTLED", is_throttled=True)),
    ],
)
def test_an_answer_is_read_by_its_status(pdu: Pdu, answer: Answer) -> None:
    assert answer_of(pdu, MessageIds.AS_IS) == answer


@pytest.mark.parametrize(
    "pdu",
    [
        Pdu(SUBMIT_SM_RESP, 0, 1),
        Pdu(SUBMIT_SM_RESP, 0, 1, b"\0"),
        Pdu(SUBMIT_SM_RESP, 0, 1, b"no end"),
        Pdu(SUBMIT_SM_RESP, 0, 1, b" \0"),
        Pdu(SUBMIT_SM_RESP, 0, 1, b"7" * 256 + b"\0"),
        Pdu(SUBMIT_SM_RESP, 0, 1, b"7\x1ff\0"),
        Pdu(GENERIC_NACK, 0, 1),
        Pdu(0x80000015, 0, 1),
    ],
)
def test_an_answer_that_does_not_settle_it_is_unknown(pdu: Pdu) -> None:
    assert isinstance(answer_of(pdu, MessageIds.AS_IS), Unknown)
