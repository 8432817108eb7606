"""Credits are integers: micro-credits, 1 credit = 1,000,000. No float, no Decimal in storage."""

import re

MICRO_PER_CREDIT = 1_000_000
AMOUNT_MICRO_MAX = 10**15
"""The largest amount one transfer may move (reliability invariant INV-01)."""


_WRITTEN = re.compile(r"([0-9][0-9,]{0,20})(?:\.([0-9]{1,6}))?", re.ASCII)


class NotCredits(ValueError):
    """The text is no amount of credits."""


def micro_from_text(text: str) -> int:
    """ "5,000" → 5_000_000_000. Raises NotCredits."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise NotCredits(text)
    whole, fraction = match[1].replace(",", ""), match[2] or ""
    return int(whole) * MICRO_PER_CREDIT + int(fraction.ljust(6, "0"))


def credits_text(amount_micro: int) -> str:
    """Exact decimal string without trailing zeros: 4_999_500_000 → "4999.5"."""
    sign = "-" if amount_micro < 0 else ""
    whole, rest = divmod(abs(amount_micro), MICRO_PER_CREDIT)
    fraction = f"{rest:06d}".rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
