"""Telephone numbers as people write them → E.164, and only those a text message can reach.

Numbers are read by `phonenumbers` (libphonenumber's rules), with India as home.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

HOME_REGION = "IN"
RECIPIENT_LENGTH_MAX = 32


def _home_mobile() -> re.Pattern[str]:
    """libphonenumber's own pattern of the home region's mobile numbers, in E.164."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(HOME_REGION, None)
    assert metadata is not None
    assert metadata.mobile is not None
    code = phonenumbers.country_code_for_region(HOME_REGION)
    return re.compile(rf"\+{code}(?:{metadata.mobile.national_number_pattern})", re.ASCII)


# The common case, a mobile number of the home region already in E.164, is decided by one match instead of a parse: most
# of what accepting a message costs would be that parse.
_HOME_MOBILE = _home_mobile()
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


def e164(text: str) -> str:
    """ "098123 43210" → "+919812343210". Raises NotReachable."""
    if _HOME_MOBILE.fullmatch(text):
        return text
    return _parsed(text)


def _parsed(text: str) -> str:
    if len(text) > RECIPIENT_LENGTH_MAX or not _WRITTEN.fullmatch(text.strip()):
        raise NotReachable("This is not a telephone number.")
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except NumberParseException as error:
        raise NotReachable("This is not a telephone number.") from error
    if not phonenumbers.is_valid_number(number):
        raise NotReachable("No such telephone number exists.")
    if phonenumbers.number_type(number) in _WITHOUT_SMS:
        raise NotReachable("This number cannot receive text messages.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
