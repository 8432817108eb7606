"""One spelling for a carrier's message ids, however its answers and receipts write them."""

import re
from enum import StrEnum
from typing import NamedTuple


class MessageIds(StrEnum):
    """How a carrier writes the id of a message. Where ids are numbers, neither leading zeros nor letter case count."""

    AS_IS = "as_is"
    """Alike in answers and receipts, character by character."""
    DECIMAL = "decimal"
    HEX = "hex"
    DECIMAL_IN_RECEIPTS = "decimal_in_receipts"
    """Hexadecimal in answers, decimal in receipts."""
    HEX_IN_RECEIPTS = "hex_in_receipts"
    """Decimal in answers, hexadecimal in receipts."""


class _Bases(NamedTuple):
    in_answers: int
    in_receipts: int


_BASES = {
    MessageIds.DECIMAL: _Bases(10, 10),
    MessageIds.HEX: _Bases(16, 16),
    MessageIds.DECIMAL_IN_RECEIPTS: _Bases(16, 10),
    MessageIds.HEX_IN_RECEIPTS: _Bases(10, 16),
}
_DIGITS = {10: re.compile(r"[0-9]{1,64}"), 16: re.compile(r"[0-9A-Fa-f]{1,64}")}


def ref_in_answer(ids: MessageIds, spelled: str) -> str:
    """What names the submission on our side: the number as answers write it, or the id itself if it is none."""
    return _ref(ids, spelled, is_receipt=False)


def ref_in_receipt(ids: MessageIds, spelled: str) -> str:
    """The same name, from what a receipt says."""
    return _ref(ids, spelled, is_receipt=True)


def _ref(ids: MessageIds, spelled: str, *, is_receipt: bool) -> str:
    bare, bases = spelled.strip(), _BASES.get(ids)
    if bases is None:
        return bare
    base = bases.in_receipts if is_receipt else bases.in_answers
    if not _DIGITS[base].fullmatch(bare):
        return bare
    number = int(bare, base)
    return f"{number:x}" if bases.in_answers == 16 else str(number)
