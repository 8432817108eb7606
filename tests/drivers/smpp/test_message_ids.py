"""One name for one submission, however answers and receipts spell its id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.carriers.drivers.smpp.message_ids import MessageIds, ref_in_answer, ref_in_receipt

numbers = st.integers(0, 2**63 - 1)
zeros = st.integers(0, 8).map("0".__mul__)


@pytest.mark.parametrize(
    ("ids", "in_answer", "in_receipt", "ref"),
    [
        (MessageIds.AS_IS, "00aB-7", "00aB-7", "00aB-7"),
        (MessageIds.AS_IS, "0000001f", "0000001f", "0000001f"),
        (MessageIds.HEX, "0000001f", "1F", "1f"),
        (MessageIds.HEX, "DEADBEEF", "00deadbeef", "deadbeef"),
        (MessageIds.DECIMAL, "0000000031", "31", "31"),
        (MessageIds.DECIMAL, "31", "0000000031", "31"),
        (MessageIds.DECIMAL_IN_RECEIPTS, "0000001f", "31", "1f"),
        (MessageIds.DECIMAL_IN_RECEIPTS, "1F", "0000000031", "1f"),
        (MessageIds.DECIMAL_IN_RECEIPTS, "00000010", "16", "10"),
        (MessageIds.HEX_IN_RECEIPTS, "31", "0000001F", "31"),
        (MessageIds.HEX_IN_RECEIPTS, "0031", "1f", "31"),
        (MessageIds.HEX, "0", "0000", "0"),
    ],
)
def test_answer_and_receipt_name_the_same_submission(
    ids: MessageIds, in_answer: str, in_receipt: str, ref: str
) -> None:
    assert (ref_in_answer(ids, in_answer), ref_in_receipt(ids, in_receipt)) == (ref, ref)


@pytest.mark.parametrize("spelled", ["00aB-7", "1f", "٣١", "-1", "+1", "1_0", "0x1f", "1 0", "9" * 65])
def test_what_is_no_number_of_the_expected_kind_is_left_as_it_is(spelled: str) -> None:
    assert ref_in_answer(MessageIds.DECIMAL, spelled) == spelled


def test_spaces_around_an_id_are_no_part_of_it() -> None:
    assert ref_in_answer(MessageIds.AS_IS, " 7f ") == "7f"
    assert ref_in_receipt(MessageIds.HEX, " 07F ") == "7f"
    assert ref_in_answer(MessageIds.DECIMAL, "31\x1d") == "31"


@given(st.sampled_from(MessageIds), st.text(st.characters(max_codepoint=255)))
def test_any_id_is_a_name_hardly_longer_than_it_was_spelled(ids: MessageIds, spelled: str) -> None:
    for ref in (ref_in_answer(ids, spelled), ref_in_receipt(ids, spelled)):
        assert len(ref) <= 2 * len(spelled)  # five hexadecimal digits are six decimal ones


@given(numbers, numbers, zeros, zeros, st.booleans())
def test_two_submissions_never_get_the_same_name_and_one_always_does(
    one: int, other: int, before: str, after: str, is_upper: bool
) -> None:
    def spelled(number: int, base: int, padding: str) -> str:
        text = padding + (f"{number:x}" if base == 16 else str(number))
        return text.upper() if is_upper else text

    for ids, answers, receipts in (
        (MessageIds.DECIMAL, 10, 10),
        (MessageIds.HEX, 16, 16),
        (MessageIds.DECIMAL_IN_RECEIPTS, 16, 10),
        (MessageIds.HEX_IN_RECEIPTS, 10, 16),
    ):
        named = ref_in_answer(ids, spelled(one, answers, before))
        assert (named == ref_in_receipt(ids, spelled(other, receipts, after))) == (one == other)
        assert named == ref_in_receipt(ids, spelled(one, receipts, after))
