"""Ids: UUIDv7 inside (time-ordered, so indexes stay warm), prefixed text outside (`msg_…`, `top_…`, `org_…`)."""

import os
import secrets
import struct
import time
import uuid
from collections.abc import Iterator

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case: no i, l, o, u to misread
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # ten bits at a time: ids are made per message
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_UUID_LENGTH = 26
_ORGANISATION_LENGTH = 13

SHARD_COUNT = 256


class NotAnId(ValueError):
    """The text is not an id of the expected kind."""


def new_uuid() -> uuid.UUID:
    """A UUIDv7 (RFC 9562, method 3): milliseconds, a 12-bit fraction of one, then 62 bits of randomness.

    With the fraction the ids of one batch rise, too, and fill an index from its end instead of in its middle.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = (nanoseconds << 12) // 1_000_000
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0x2 << 62) | random_word() >> 2)


def random_word() -> int:
    """64 bits from the system, asked for 512 at a time; `next` gives each to one thread only."""
    global _words
    for word in _words:
        return int(word[0])
    _words = _draw_words()
    return random_word()


def _draw_words() -> Iterator[tuple[int]]:
    return struct.iter_unpack("=Q", os.urandom(4_096))


def _forget_words() -> None:
    """A forked process must not give out what its parent gives out."""
    global _words
    _words = _draw_words()


_words = _draw_words()
os.register_at_fork(after_in_child=_forget_words)


def new_organisation_id() -> int:
    """A positive random 63-bit integer: half the width of a UUID in every hot index, and it tells nobody our count."""
    return secrets.randbelow(2**63 - 1) + 1


def shard_of(organisation_id: int) -> int:
    """The logical shard (0..255) an organisation lives in for ever."""
    return organisation_id % SHARD_COUNT


def public_id(prefix: str, value: uuid.UUID) -> str:
    """`public_id("msg", …)` → `msg_` and 26 characters."""
    return f"{prefix}_{_encode(value.int, _UUID_LENGTH)}"


def uuid_from_public(prefix: str, text: str) -> uuid.UUID:
    """The inverse of `public_id`. Raises NotAnId."""
    value = _decode(prefix, text, _UUID_LENGTH)
    if value >= 2**128:
        raise NotAnId(text)
    return uuid.UUID(int=value)


def public_organisation_id(organisation_id: int) -> str:
    return f"org_{_encode(organisation_id, _ORGANISATION_LENGTH)}"


def organisation_id_from_public(text: str) -> int:
    """Raises NotAnId."""
    return _decode("org", text, _ORGANISATION_LENGTH)


def _encode(value: int, length: int) -> str:
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(5 * (length - 1) // 10 * 10, -1, -10)])[-length:]


def _decode(prefix: str, text: str, length: int) -> int:
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != length or not all(character in _VALUES for character in tail):
        raise NotAnId(text)
    value = 0
    for character in tail:
        value = (value << 5) | _VALUES[character]
    return value
