"""Ids as Razorpay shapes them: a prefix and 14 case-sensitive letters and digits."""

import hashlib
import re
import secrets
import string

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LENGTH = 14


def new_id(prefix: str) -> str:
    """`new_id("pay")` → `pay_` and 14 characters."""
    return f"{prefix}_{new_reference(_LENGTH)}"


def new_reference(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_digits(length: int) -> str:
    """A bank's reference number, for example the 12 digits of an RRN; never starts with 0."""
    return str(secrets.randbelow(9 * 10 ** (length - 1)) + 10 ** (length - 1))


def digits_of(text: str, length: int) -> str:
    """Digits that look drawn but are always the same for one text."""
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()))[:length]


def account_id(key_id: str) -> str:
    """The account an API key belongs to: the same for ever, whatever the data folder."""
    value = int.from_bytes(hashlib.sha256(key_id.encode()).digest())
    characters = []
    for _ in range(_LENGTH):
        value, index = divmod(value, len(_ALPHABET))
        characters.append(_ALPHABET[index])
    return f"acc_{''.join(characters)}"


def is_id(prefix: str, text: str) -> bool:
    return re.fullmatch(rf"{prefix}_[0-9A-Za-z]{{{_LENGTH}}}", text) is not None
