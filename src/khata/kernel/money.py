"""Money is integers: paise (INR minor units), read from what people type, shown the Indian way."""

import re

RUPEE_MINOR = 100

# "1000", "1,000", "1,00,000.00", "₹1,000.5"; ASCII digits only, so that look-alike digits are refused.
_AMOUNT = re.compile(
    r"^(?:₹|Rs\.?|INR)?\s*(?P<whole>[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}|[0-9]+)(?:\.(?P<fraction>[0-9]{1,2}))?$"
)


class NotAnAmount(ValueError):
    """The text is not an amount of rupees with at most two decimals."""


def paise_from_text(text: str) -> int:
    """Paise of an amount as a person writes it. Raises NotAnAmount; a sign is not accepted."""
    match = _AMOUNT.match(text.strip())
    if match is None or len(text) > 32:
        raise NotAnAmount(text)
    return int(match["whole"].replace(",", "")) * RUPEE_MINOR + int((match["fraction"] or "").ljust(2, "0"))


def money_text(amount_minor: int) -> str:
    """Plain decimal string for programs: 118000 → "1180.00"."""
    sign = "-" if amount_minor < 0 else ""
    whole, rest = divmod(abs(amount_minor), RUPEE_MINOR)
    return f"{sign}{whole}.{rest:02d}"


def group_indian(whole: int) -> str:
    """Digits grouped the Indian way: 12345678 → "1,23,45,678"."""
    digits = str(abs(whole))
    head, tail = digits[:-3], digits[-3:]
    groups: list[str] = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ("\u2212" if whole < 0 else "") + ",".join([*groups, tail])
