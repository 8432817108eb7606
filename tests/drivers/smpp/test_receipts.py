"""How a deliver_sm becomes a receipt."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.carriers.drivers.smpp.bodies import Address, QueryAnswer, ShortMessage
from khata.carriers.drivers.smpp.message_ids import MessageIds
from khata.carriers.drivers.smpp.receipts import (
    ERROR_CODE_LENGTH_MAX,
    RAW_LENGTH_MAX,
    is_receipt,
    receipt_of,
    receipt_of_query,
)
from khata.carriers.port import Receipt, ReceiptState

AT = datetime(2026, 1, 2, tzinfo=UTC)
PHONE = Address(1, 1, "919812345678")
US = Address(5, 0, "HDRXYZ")
TEXT = b"id:00aB sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:UNDELIV err:195 text:Namaste"


def delivery(octets: bytes = TEXT, *tlvs: tuple[int, bytes], esm_class: int = 0x04, coding: int = 0) -> ShortMessage:
    return ShortMessage(PHONE, US, esm_class, 0, coding, octets, tlvs)


def receipt(message: ShortMessage) -> Receipt:
    found = receipt_of(message, "fake", MessageIds.AS_IS, AT)
    assert found is not None
    return found


def test_a_receipt_is_read_from_its_text() -> None:
    expected = Receipt("fake", "00aB", ReceiptState.UNDELIVERED, "195", TEXT.decode(), AT)
    assert receipt(delivery()) == expected


def test_tlvs_come_before_the_text() -> None:
    found = receipt(delivery(TEXT, (0x1E, b"7f\0"), (0x427, b"\x02")))
    assert (found.carrier_ref, found.state) == ("7f", ReceiptState.DELIVERED)


def test_tlvs_alone_are_enough() -> None:
    found = receipt(delivery(b"", (0x1E, b"7f\0"), (0x427, b"\x03"), (0x423, b"\x03\x00\x22")))
    assert (found.carrier_ref, found.state, found.error_code, found.raw) == ("7f", ReceiptState.EXPIRED, "34", "")


def test_the_text_may_come_as_message_payload() -> None:
    assert receipt(delivery(b"", (0x424, TEXT))).carrier_ref == "00aB"


def test_the_text_may_come_in_ucs2() -> None:
    assert receipt(delivery(TEXT.decode().encode("utf-16-be"), coding=8)).raw == TEXT.decode()


@pytest.mark.parametrize(
    ("word", "number", "state"),
    [
        ("ENROUTE", 1, ReceiptState.ENROUTE),
        ("DELIVRD", 2, ReceiptState.DELIVERED),
        ("EXPIRED", 3, ReceiptState.EXPIRED),
        ("DELETED", 4, ReceiptState.UNDELIVERED),
        ("UNDELIV", 5, ReceiptState.UNDELIVERED),
        ("ACCEPTD", 6, ReceiptState.ACCEPTED),
        ("UNKNOWN", 7, ReceiptState.UNKNOWN),
        ("REJECTD", 8, ReceiptState.REJECTED),
        ("delivrd", 2, ReceiptState.DELIVERED),
        ("GONE", 99, ReceiptState.UNKNOWN),
    ],
)
def test_a_state_is_told_by_word_or_number(word: str, number: int, state: ReceiptState) -> None:
    assert receipt(delivery(f"id:1 stat:{word} err:000".encode())).state is state
    assert receipt(delivery(b"id:1", (0x427, bytes((number,))))).state is state


@pytest.mark.parametrize("value", [b"", b"\x63", b"\x02\x02"])
def test_a_state_tlv_that_says_nothing_leaves_the_text_to_speak(value: bytes) -> None:
    assert receipt(delivery(TEXT, (0x427, value))).state is ReceiptState.UNDELIVERED


def test_the_customers_own_words_are_not_fields() -> None:
    found = receipt(delivery(b"id:1 stat:UNDELIV Text:id:2 stat:DELIVRD err:9"))
    assert (found.carrier_ref, found.state, found.error_code) == ("1", ReceiptState.UNDELIVERED, "")


def test_only_what_the_smsc_marked_is_a_receipt() -> None:
    assert is_receipt(delivery())
    assert is_receipt(delivery(esm_class=0x20))
    assert is_receipt(delivery(TEXT, (0x1E, b"7f\0"), esm_class=0))
    assert not is_receipt(delivery(esm_class=0))
    assert not is_receipt(delivery(esm_class=0x40))


def test_the_id_is_read_by_the_carriers_rule() -> None:
    for message in (delivery(b"id:0000000031 stat:DELIVRD"), delivery(TEXT, (0x1E, b"0031\0"))):
        found = receipt_of(message, "fake", MessageIds.DECIMAL_IN_RECEIPTS, AT)
        assert found is not None
        assert found.carrier_ref == "1f"


def test_an_endless_error_code_is_cut() -> None:
    assert receipt(delivery(b"", (0x424, b"id:1 err:" + b"9" * 60_000))).error_code == "9" * ERROR_CODE_LENGTH_MAX


@pytest.mark.parametrize(
    ("number", "state"), [(1, ReceiptState.ENROUTE), (2, ReceiptState.DELIVERED), (99, ReceiptState.UNKNOWN)]
)
def test_a_query_is_told_like_a_receipt_under_the_id_that_was_asked_about(number: int, state: ReceiptState) -> None:
    found = receipt_of_query(QueryAnswer("0000001F", "", number, 0), "fake", "1f", AT)
    assert found == Receipt("fake", "1f", state, "", f"query_sm: state {number}", AT)


def test_an_id_nobody_could_look_up_names_no_message() -> None:
    message = delivery(b"", (0x424, b"stat:DELIVRD id:" + b"7" * 256))
    assert receipt_of(message, "fake", MessageIds.AS_IS, AT) is None


@pytest.mark.parametrize("octets", [b"", b"stat:DELIVRD err:000", b"text:id:1 stat:DELIVRD"])
def test_a_receipt_that_names_no_message_is_none(octets: bytes) -> None:
    assert receipt_of(delivery(octets), "fake", MessageIds.AS_IS, AT) is None


@given(st.binary(max_size=254), st.integers(0, 255), st.lists(st.tuples(st.integers(0, 0x427), st.binary())))
def test_any_delivery_gives_a_receipt_the_database_can_keep_or_none(
    octets: bytes, coding: int, tlvs: list[tuple[int, bytes]]
) -> None:
    found = receipt_of(delivery(octets, *tlvs, (0x1E, octets), coding=coding), "fake", MessageIds.AS_IS, AT)
    if found is not None:
        kept = found.carrier_ref + found.error_code + found.raw
        assert kept.encode()
        assert "\0" not in kept
        assert found.carrier_ref
        assert len(found.raw) <= RAW_LENGTH_MAX
