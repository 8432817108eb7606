"""Credits, money and ids as text: exact both ways, and nothing else is read as one."""

import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.kernel.credits import MICRO_PER_CREDIT, credits_text
from khata.kernel.ids import (
    NotAnId,
    new_organisation_id,
    new_uuid,
    organisation_id_from_public,
    public_id,
    public_organisation_id,
    shard_of,
    uuid_from_public,
)
from khata.kernel.money import NotAnAmount, group_indian, money_text, paise_from_text


@given(st.integers(-(10**15), 10**15))
def test_credits_are_written_exactly(amount_micro: int) -> None:
    text = credits_text(amount_micro)
    assert Decimal(text) * MICRO_PER_CREDIT == amount_micro
    assert "." not in text or not text.endswith("0")


@pytest.mark.parametrize(("micro", "text"), [(0, "0"), (4_999_500_000, "4999.5"), (-1, "-0.000001"), (100_000, "0.1")])
def test_credits_are_written_without_idle_zeros(micro: int, text: str) -> None:
    assert credits_text(micro) == text


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("1000", 100_000),
        ("1,000", 100_000),
        ("₹1,000.00", 100_000),
        ("1,00,000.5", 10_000_050),
        ("100,000", 10_000_000),
        (" 99.99 ", 9_999),
        ("Rs. 5", 500),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, paise: int) -> None:
    assert paise_from_text(text) == paise


@pytest.mark.parametrize(
    "text",
    ["", "-5", "+5", "abc", "1e3", "1.001", "1.", ".5", "1,00", "1,50", "10,00,0", "१००", "１００", "1 000", "9" * 40],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        paise_from_text(text)


@given(st.integers(0, 10**13))
def test_money_is_exact_both_ways(paise: int) -> None:
    assert paise_from_text(money_text(paise)) == paise
    assert paise_from_text(f"{group_indian(paise // 100)}.{paise % 100:02d}") == paise


@pytest.mark.parametrize(("whole", "text"), [(0, "0"), (999, "999"), (1_234, "1,234"), (12_345_678, "1,23,45,678")])
def test_digits_are_grouped_the_indian_way(whole: int, text: str) -> None:
    assert group_indian(whole) == text


@given(st.uuids())
def test_ids_are_the_same_both_ways(value: uuid.UUID) -> None:
    assert uuid_from_public("msg", public_id("msg", value)) == value


@given(st.integers(1, 2**63 - 1))
def test_organisation_ids_are_the_same_both_ways_and_have_a_shard(value: int) -> None:
    assert organisation_id_from_public(public_organisation_id(value)) == value
    assert 0 <= shard_of(value) < 256


@pytest.mark.parametrize(
    "text", ["", "msg_", "top_" + "0" * 26, "msg_" + "0" * 25, "msg_" + "z" * 26, "msg_" + "U" * 26]
)
def test_what_is_no_message_id_is_refused(text: str) -> None:
    with pytest.raises(NotAnId):
        uuid_from_public("msg", text)


def test_new_ids_are_version_7_and_rise() -> None:
    made = [new_uuid() for _ in range(1_000)]
    assert {(value.version, value.variant) for value in made} == {(7, uuid.RFC_4122)}
    assert len(set(made)) == 1_000
    # Two made within a quarter of a microsecond may swap; the first half is before the second all the same.
    assert max(made[:400]) < min(made[600:])


def test_organisation_ids_are_random_and_fit_a_signed_64_bit_column() -> None:
    made = {new_organisation_id() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(0 < value < 2**63 for value in made)
