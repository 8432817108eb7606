"""VAT numbers: the country's two letters and what that country puts behind them.

Only their form is known here. Whether one is in use, and whose it is, the European Union's VIES service tells.
"""

import re

_SHAPE = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,12}")
_COUNTRIES = {"EL": "GR"}
"""Prefixes that are not the country's code."""


class InvalidVatNumber(ValueError):
    """The text is no VAT number; the message says in one sentence what one looks like."""


def normalise_vat_number(text: str) -> str:
    """The number in upper case without blanks, dots and hyphens. Raises InvalidVatNumber."""
    number = re.sub(r"[\s.-]", "", text).upper()
    if not _SHAPE.fullmatch(number):
        raise InvalidVatNumber("A VAT number begins with its country's two letters, like DE123456789.")
    return number


def country_of(vat_number: str) -> str:
    """ISO 3166, as far as a prefix tells; "" of no number."""
    prefix = vat_number[:2]
    return _COUNTRIES.get(prefix, prefix)
