"""The alphabet against facts written down a second time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.kernel import gsm7


def test_the_default_table_has_127_characters_and_the_extension_10() -> None:
    lengths = [len(septets) for septets in gsm7.SEPTETS.values()]
    assert (lengths.count(1), lengths.count(2), len(lengths)) == (127, 10, 137)


def test_no_two_characters_share_their_septets() -> None:
    assert len(set(gsm7.SEPTETS.values())) == len(gsm7.SEPTETS)


def test_letters_digits_and_most_signs_keep_their_ascii_code() -> None:
    same = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !\"#%&'()*+,-./:;<=>?\n\r"
    assert gsm7.encode(same) == same.encode("ascii")


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("@£$¥", "00010203"),
        ("èéùìò", "0405060708"),
        ("ÇØøÅå", "090b0c0e0f"),
        ("Δ_ΦΓΛΩΠΨΣΘΞ", "101112131415161718191a"),
        ("ÆæßÉ", "1c1d1e1f"),
        ("¤¡¿", "244060"),
        ("ÄÖÑÜ§", "5b5c5d5e5f"),
        ("äöñüà", "7b7c7d7e7f"),
        ("\f^{}\\[~]|€", "1b0a1b141b281b291b2f1b3c1b3d1b3e1b401b65"),
    ],
)
def test_a_character_has_the_code_of_3gpp_23_038(text: str, octets: str) -> None:
    assert gsm7.encode(text).hex() == octets


@pytest.mark.parametrize("character", ["₹", "`", "ç", "á", "\u2019", "\t", "\x1b", "न", "😀"])
def test_a_character_outside_the_alphabet_is_refused(character: str) -> None:
    with pytest.raises(gsm7.NotGsm7):
        gsm7.encode(f"a{character}")


@given(st.text(st.sampled_from(list(gsm7.SEPTETS))))
def test_what_is_encoded_is_decoded(text: str) -> None:
    assert gsm7.decode(gsm7.encode(text)) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x1b\x65", "€"),
        (b"\x1bA", "A"),
        (b"a\x1b", "a "),
        (b"\x1b\x1b\x65", " €"),
        (b"\x80a\xff", "\ufffda\ufffd"),
        (b"\x1b\xff", "\ufffd"),
        (b"", ""),
    ],
)
def test_octets_that_are_no_text_still_say_something(octets: bytes, text: str) -> None:
    assert gsm7.decode(octets) == text


@given(st.binary(max_size=300))
def test_any_octets_are_decoded(octets: bytes) -> None:
    assert len(gsm7.decode(octets)) <= len(octets)
