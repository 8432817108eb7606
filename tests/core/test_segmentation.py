"""Laws of segmentation, and the texts at its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.kernel import gsm7
from khata.messaging.core.segmentation import Segmentation, segment

gsm7_text = st.text(st.sampled_from(sorted(gsm7.SEPTETS)), min_size=1, max_size=700)
any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
mixed_text = st.text(st.sampled_from("aé€[न₹😀\n"), min_size=1, max_size=300)

ALONE_MAX = {"gsm7": 160, "ucs2": 70}
EACH_MAX = {"gsm7": 153, "ucs2": 67}


def units_of(text: str, encoding: str) -> int:
    return len(gsm7.encode(text)) if encoding == "gsm7" else len(text.encode("utf-16-be")) // 2


def sizes_of(found: Segmentation) -> list[int]:
    return [units_of(part, found.encoding) for part in found.parts]


@given(gsm7_text | any_text | mixed_text)
def test_the_parts_joined_are_the_text(text: str) -> None:
    found = segment(text)
    assert "".join(found.parts) == text
    assert found.segment_count == len(found.parts)
    assert all(found.parts)


@given(gsm7_text | any_text | mixed_text)
def test_every_part_fits_and_the_counts_are_true(text: str) -> None:
    found = segment(text)
    sizes = sizes_of(found)
    part_max = (ALONE_MAX if len(sizes) == 1 else EACH_MAX)[found.encoding]
    assert max(sizes) <= part_max
    assert sum(sizes) == found.units_used
    assert part_max - sizes[-1] == found.units_left


@given(gsm7_text | any_text | mixed_text)
def test_no_part_could_have_taken_the_next_character(text: str) -> None:
    found = segment(text)
    part_max = EACH_MAX[found.encoding]
    for part, following in zip(found.parts, found.parts[1:], strict=False):
        assert units_of(part + following[0], found.encoding) > part_max


@given(gsm7_text | any_text | mixed_text)
def test_a_text_that_fits_one_segment_is_not_cut(text: str) -> None:
    found = segment(text)
    assert (found.segment_count == 1) == (found.units_used <= ALONE_MAX[found.encoding])


@given(any_text | mixed_text)
def test_ucs2_is_used_exactly_when_a_character_needs_it(text: str) -> None:
    found = segment(text)
    assert (found.encoding == "ucs2") == bool(found.unicode_characters)
    assert set(found.unicode_characters) == {character for character in text if character not in gsm7.SEPTETS}


@pytest.mark.parametrize(
    ("text", "encoding", "sizes", "units_left"),
    [
        ("a", "gsm7", [1], 159),
        ("a" * 160, "gsm7", [160], 0),
        ("a" * 161, "gsm7", [153, 8], 145),
        ("a" * 306, "gsm7", [153, 153], 0),
        ("a" * 307, "gsm7", [153, 153, 1], 152),
        ("a" * 459, "gsm7", [153, 153, 153], 0),
        ("€" * 80, "gsm7", [160], 0),
        ("€" * 81, "gsm7", [152, 10], 143),
        ("a" * 159 + "€", "gsm7", [153, 8], 145),
        ("a" * 158 + "€", "gsm7", [160], 0),
        ("a" * 152 + "€" + "a" * 10, "gsm7", [152, 12], 141),
        ("a" * 151 + "€" + "a" * 10, "gsm7", [153, 10], 143),
        ("₹", "ucs2", [1], 69),
        ("न" * 70, "ucs2", [70], 0),
        ("न" * 71, "ucs2", [67, 4], 63),
        ("न" * 134, "ucs2", [67, 67], 0),
        ("न" * 135, "ucs2", [67, 67, 1], 66),
        ("न" * 68 + "😀", "ucs2", [70], 0),
        ("न" * 69 + "😀", "ucs2", [67, 4], 63),
        ("न" * 66 + "😀" + "न" * 10, "ucs2", [66, 12], 55),
        ("न" * 65 + "😀" + "न" * 10, "ucs2", [67, 10], 57),
        ("😀" * 35, "ucs2", [70], 0),
        ("😀" * 36, "ucs2", [66, 6], 61),
        ("a" * 159 + "₹", "ucs2", [67, 67, 26], 41),
    ],
)
def test_a_text_at_the_edge_is_cut_exactly_here(text: str, encoding: str, sizes: list[int], units_left: int) -> None:
    found = segment(text)
    assert (found.encoding, sizes_of(found), found.units_left) == (encoding, sizes, units_left)


def test_characters_that_force_ucs2_are_named_once_in_order() -> None:
    assert segment("₹5 या ₹6 😀!").unicode_characters == ("₹", "य", "ा", "😀")


def test_gsm7_names_no_characters() -> None:
    assert segment("Dear Asha, pay €5 {now}").unicode_characters == ()


@pytest.mark.parametrize("text", ["", "\ud83d", "a\udc00", "\ude00\ud83d"])
def test_what_is_not_a_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"empty|surrogate"):
        segment(text)
