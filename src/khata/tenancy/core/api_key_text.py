"""The text of an API key: `kh_test_` or `kh_live_`, 30 base-62 characters of secret, 6 of CRC-32.

178 bits of randomness need no slow hash, so what is stored is a plain SHA-256. The checksum lets junk be refused
without asking the database, and lets secret scanners be sure of a leaked key.
"""

import re
import zlib
from hashlib import sha256
from typing import Literal

Mode = Literal["test", "live"]

SECRET_LENGTH = 30
PREFIX_SHOWN_LENGTH = 12
"""How much of a key is kept readable, to tell keys apart: `kh_test_` and 4 characters."""

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK_LENGTH = 6
_SHAPE = re.compile(r"kh_(?:test|live)_[0-9A-Za-z]{36}", re.ASCII)


def api_key_text(mode: Mode, secret: str) -> str:
    """The whole key for 30 characters of secret."""
    head = f"kh_{mode}_{secret}"
    return head + _check(head)


def is_well_formed(text: str) -> bool:
    """Whether the text could be one of our keys: shape and checksum."""
    return bool(_SHAPE.fullmatch(text)) and _check(text[:-_CHECK_LENGTH]) == text[-_CHECK_LENGTH:]


def api_key_digest(text: str) -> bytes:
    """What is stored and looked up: 32 bytes."""
    return sha256(text.encode()).digest()


def _check(head: str) -> str:
    value = zlib.crc32(head.encode())
    characters = []
    for _ in range(_CHECK_LENGTH):
        value, digit = divmod(value, 62)
        characters.append(BASE62[digit])
    return "".join(reversed(characters))
