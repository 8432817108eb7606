"""Credits are integers: micro-credits, 1 credit = 1,000,000. No float, no Decimal in storage."""

MICRO_PER_CREDIT = 1_000_000
AMOUNT_MICRO_MAX = 10**15
"""The largest amount one transfer may move (reliability invariant INV-01)."""


def credits_text(amount_micro: int) -> str:
    """Exact decimal string without trailing zeros: 4_999_500_000 → "4999.5"."""
    sign = "-" if amount_micro < 0 else ""
    whole, rest = divmod(abs(amount_micro), MICRO_PER_CREDIT)
    fraction = f"{rest:06d}".rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
