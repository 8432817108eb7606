"""GSTINs: the right ones pass in whatever way they are typed, and one wrong character is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.tenancy.core.gstin import STATES, InvalidGstin, check_character, normalise_gstin

VALID = ("27AAPFU0939F1ZV", "29AAGCR4375J1ZU", "07AAPFU0939F1ZX", "33AAPFU0939F1Z2")
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize("gstin", VALID)
def test_a_valid_number_passes_as_people_type_it(gstin: str) -> None:
    assert normalise_gstin(gstin) == gstin
    assert normalise_gstin(f" {gstin[:5].lower()} {gstin[5:]} ") == gstin


# The first two are printed as samples in a gateway's own manual; their check characters are wrong.
@pytest.mark.parametrize(
    "text",
    [
        "06AABCU9605R1ZR",
        "22AAAAA0000A1Z5",
        "",
        "29AAGCR4375J1Z",
        "29AAGCR4375J1ZUU",
        "29AAGCR4375J1XU",
        "２９AAGCR4375J1ZU",
    ],
)
def test_what_is_no_gstin_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(InvalidGstin, match=r"\w"):
        normalise_gstin(text)


@pytest.mark.parametrize("code", ["00", "25", "28", "39", "99"])
def test_a_state_code_nobody_has_is_refused_even_with_a_right_check_character(code: str) -> None:
    head = f"{code}AAPFU0939F1Z"
    with pytest.raises(InvalidGstin, match=f"No State has the code {code}"):
        normalise_gstin(head + check_character(head))


@pytest.mark.parametrize("code", sorted(STATES))
def test_every_state_passes_ladakh_and_other_territory_included(code: str) -> None:
    head = f"{code}AAPFU0939F1Z"
    assert normalise_gstin(head + check_character(head))[:2] == code


@given(st.sampled_from(VALID), st.integers(0, 14), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_always_noticed(gstin: str, place: int, character: str) -> None:
    typed = gstin[:place] + character + gstin[place + 1 :]
    if typed == gstin:
        assert normalise_gstin(typed) == gstin
    else:
        with pytest.raises(InvalidGstin):
            normalise_gstin(typed)
