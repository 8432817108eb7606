"""Telephone numbers as people write them → E.164, and only those a text message can reach.

Numbers are read by `phonenumbers` (libphonenumber's rules); one without a calling code is the home country's.
"""

import re
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

INDIA = "IN"
RECIPIENT_LENGTH_MAX = 32


# Spaces, hyphens, dots and brackets are how people write numbers; letters ("1-800-FLOWERS") are not numbers here.
_WRITTEN = re.compile(r"[+(]{0,2}[0-9()\-.\s\u00a0]+", re.ASCII)
_WITHOUT_SMS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)


class NotReachable(ValueError):
    """The text is no number, or a number no SMS can reach; the message says which."""


def e164(text: str, home: str = INDIA) -> str:
    """ "098123 43210" → "+919812343210"; `home` is an ISO 3166 code. Raises NotReachable."""
    # The common case, a mobile number of the home country already in E.164, is decided by one match instead of a parse:
    # most of what accepting a message costs would be that parse.
    if _mobiles_of(home).fullmatch(text):
        return text
    return _parsed(text, home)


@cache
def _mobiles_of(region: str) -> re.Pattern[str]:
    """libphonenumber's own pattern of a country's mobile numbers, in E.164."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    assert metadata is not None
    assert metadata.mobile is not None
    code = phonenumbers.country_code_for_region(region)
    return re.compile(rf"\+{code}(?:{metadata.mobile.national_number_pattern})", re.ASCII)


def _parsed(text: str, home: str) -> str:
    if len(text) > RECIPIENT_LENGTH_MAX or not _WRITTEN.fullmatch(text.strip()):
        raise NotReachable("This is not a telephone number.")
    try:
        number = phonenumbers.parse(text, home)
    except NumberParseException as error:
        raise NotReachable("This is not a telephone number.") from error
    if not phonenumbers.is_valid_number(number):
        raise NotReachable("No such telephone number exists.")
    if phonenumbers.number_type(number) in _WITHOUT_SMS:
        raise NotReachable("This number cannot receive text messages.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
