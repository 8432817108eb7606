"""Phone numbers as a page may show them: enough to recognise, not enough to call; and countries' calling codes."""

import phonenumbers

_SHOWN = 4
_GROUP = 5


def calling_code(region: str) -> str:
    """`IN` → `91`."""
    return str(phonenumbers.country_code_for_region(region))


def masked_phone(number: str) -> str:
    """`+919876543210` → `+91 ••••• •3210`; what is no phone number (an e-mail address) keeps its first letter only."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return f"{number[:1]}•••{number[number.find('@') :] if '@' in number else ''}"
    national = str(parsed.national_number)
    hidden = "•" * max(0, len(national) - _SHOWN) + national[-_SHOWN:]
    groups = [hidden[start : start + _GROUP] for start in range(0, len(hidden), _GROUP)]
    return f"+{parsed.country_code} {' '.join(groups)}"
