"""Which country a telephone number belongs to, and to which countries messages are sold.

Countries are ISO 3166 codes ("IN"). A calling code is not a country: +1 is shared by 25 of them, and the islands among
them are where pumped messages go.
"""

from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from khata.messaging.core.country_names import COUNTRY_NAMES, country_name
from khata.pricing.core.rate_card import RateCard

NO_COUNTRY = ""
"""Of numbers of satellites and international networks: they can be in no list, so nothing is sent there."""


class CountrySold(NamedTuple):
    """`credits_micro` is what one segment to a mobile phone there costs."""

    region: str
    name: str
    credits_micro: int


def region_of(number: str, home: str) -> str:
    """The country of an E.164 number. `home` is decided without reading the number where it shares no calling code."""
    if number.startswith(_own_prefix(home)):
        return home
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return region if region in COUNTRY_NAMES else NO_COUNTRY


def countries_sold(card: RateCard) -> list[CountrySold]:
    """Every country that has a price, by name."""
    priced = ((region, _price(region, card)) for region in sorted(COUNTRY_NAMES))
    sold = [CountrySold(region, country_name(region), price) for region, price in priced if price is not None]
    return sorted(sold, key=lambda country: country.name)


@cache
def _own_prefix(region: str) -> str:
    """ "+91", or what no number begins with where the calling code is shared."""
    code = phonenumbers.country_code_for_region(region)
    return f"+{code}" if phonenumbers.region_codes_for_country_code(code) == (region,) else "\0"


def _price(region: str, card: RateCard) -> int | None:
    """None where nothing is sold there. Reading a country's rules is slow: most are passed by on the calling code."""
    code = str(phonenumbers.country_code_for_region(region))
    prefixes = [rate.prefix for rate in card.rates if rate.channel == "sms"]
    if not any(prefix.startswith(code) or code.startswith(prefix) for prefix in prefixes):
        return None
    rate = card.rate_for("sms", _mobile_number(region).removeprefix("+") or code)
    return None if rate is None else rate.credits_micro


@cache
def _mobile_number(region: str) -> str:
    """One that could exist; "" where none is known."""
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    return "" if number is None else phonenumbers.format_number(number, PhoneNumberFormat.E164)
