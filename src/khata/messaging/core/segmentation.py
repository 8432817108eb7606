"""How many segments a text takes, and where it is cut: the price depends on it, so it is exact.

Sizes are those of 3GPP TS 23.040: 140 octets per segment, less a 6-octet header once there is more than one. A cut
never separates an escape from its character or the halves of a surrogate pair. It may separate the code points of
one drawn character (a flag, a skin tone): phones draw the joined text, and any other cut could cost a segment more.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from khata.kernel import gsm7

Encoding = Literal["gsm7", "ucs2"]


class Segmentation(NamedTuple):
    """A text, cut. A unit is a septet (gsm7) or a UTF-16 unit (ucs2)."""

    encoding: Encoding
    parts: tuple[str, ...]
    """In order; joined they are the text."""
    segment_count: int
    units_used: int
    """Of the whole text, headers not counted."""
    units_left: int
    """In the last part."""
    unicode_characters: tuple[str, ...]
    """The distinct characters that forced ucs2, in order of appearance; empty for gsm7."""


@dataclass(frozen=True, slots=True)
class _Capacity:
    encoding: Encoding
    alone_max: int
    each_max: int
    units_of: Callable[[str], int]


def segment(text: str) -> Segmentation:
    """Cuts `text` into the fewest segments. Raises ValueError for an empty text or a lone surrogate."""
    if not text:
        raise ValueError("an empty text has no segments")
    if len(text) <= _GSM7.alone_max and gsm7.SINGLE_SEPTET.issuperset(text):
        # Most messages: one look says it all.
        return Segmentation("gsm7", (text,), 1, len(text), _GSM7.alone_max - len(text), ())
    unicode_characters = tuple(character for character in dict.fromkeys(text) if character not in gsm7.SEPTETS)
    _refuse_lone_surrogates(unicode_characters)
    capacity = _UCS2 if unicode_characters else _GSM7
    units = [capacity.units_of(character) for character in text]
    units_used = sum(units)
    part_max = capacity.alone_max if units_used <= capacity.alone_max else capacity.each_max
    parts, last_units = _cut(text, units, part_max)
    return Segmentation(
        encoding=capacity.encoding,
        parts=parts,
        segment_count=len(parts),
        units_used=units_used,
        units_left=part_max - last_units,
        unicode_characters=unicode_characters,
    )


def _cut(text: str, units: Iterable[int], part_max: int) -> tuple[tuple[str, ...], int]:
    """The parts, and how many units the last one holds."""
    parts = []
    start = held = 0
    for index, cost in enumerate(units):
        if held + cost > part_max:
            parts.append(text[start:index])
            start, held = index, 0
        held += cost
    parts.append(text[start:])
    return tuple(parts), held


def _refuse_lone_surrogates(characters: Iterable[str]) -> None:
    for character in characters:
        if "\ud800" <= character <= "\udfff":
            raise ValueError(f"a lone surrogate (U+{ord(character):04X}) is not text")


def _septets_of(character: str) -> int:
    return len(gsm7.SEPTETS[character])


def _utf16_units_of(character: str) -> int:
    return 1 if character <= "\uffff" else 2


_GSM7 = _Capacity("gsm7", alone_max=160, each_max=153, units_of=_septets_of)
_UCS2 = _Capacity("ucs2", alone_max=70, each_max=67, units_of=_utf16_units_of)
