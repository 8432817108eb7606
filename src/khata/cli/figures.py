"""Figures as they are typed on the command line; a wrong one stops the command with a sentence."""

import re

from khata.cli.errors import Misconfigured
from khata.kernel.credits import NotCredits, micro_from_text
from khata.kernel.money import NotAnAmount, paise_from_text

_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?", re.ASCII)


def rupees_minor(text: str) -> int:
    """ "999.50" → 99950 paise."""
    try:
        return paise_from_text(text)
    except NotAnAmount:
        raise Misconfigured(f"“{text}” is no amount in rupees, like 999 or 999.50.") from None


def credits_micro(text: str) -> int:
    """ "6000" → micro-credits."""
    try:
        return micro_from_text(text)
    except NotCredits:
        raise Misconfigured(f"“{text}” is no number of credits, like 6000 or 0.5.") from None


def basis_points(text: str) -> int:
    """ "7.5" percent → 750."""
    match = _PERCENT.fullmatch(text.strip())
    if match is None:
        raise Misconfigured(f"“{text}” is no percentage, like 5 or 7.5.")
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
