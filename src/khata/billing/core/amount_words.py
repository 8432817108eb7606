"""An amount of rupees in words, counted the Indian way: crore, lakh, thousand, hundred."""

from khata.kernel.money import RUPEE_MINOR

_SMALL = (
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve",
    "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
)  # fmt: skip
_TENS = ("", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety")
_SCALES = ((10_000_000, "Crore"), (100_000, "Lakh"), (1_000, "Thousand"), (100, "Hundred"))


def amount_in_words(amount_minor: int) -> str:
    """118050 → "Rupees One Thousand One Hundred Eighty and Fifty Paise Only". Not for amounts below zero."""
    rupees, paise = divmod(amount_minor, RUPEE_MINOR)
    fraction = f" and {number_in_words(paise)} Paise" if paise else ""
    return f"Rupees {number_in_words(rupees)}{fraction} Only"


def number_in_words(number: int) -> str:
    """1234567 → "Twelve Lakh Thirty Four Thousand Five Hundred Sixty Seven"."""
    if number < len(_SMALL):
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return " ".join([_TENS[tens], *([_SMALL[ones]] if ones else [])])
    size, name = next(scale for scale in _SCALES if number >= scale[0])
    count, rest = divmod(number, size)
    return " ".join([number_in_words(count), name, *([number_in_words(rest)] if rest else [])])
