"""The GSM 7-bit default alphabet (3GPP TS 23.038 §6.2.1): what a text costs and how it travels, in septets."""

from collections.abc import Mapping
from types import MappingProxyType

ESCAPE = 0x1B
"""Announces a character of the extension table: the two septets belong together."""

# Position is code; the escape keeps its place but is no character.
_DEFAULT_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
_EXTENSION_TABLE = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}

_CHARACTERS = dict.fromkeys(range(0x80, 0x100), "\ufffd") | dict(enumerate(_DEFAULT_TABLE))
_EXTENDED = {chr(code): character for character, code in _EXTENSION_TABLE.items()}

SEPTETS: Mapping[str, bytes] = MappingProxyType(
    {character: bytes((code,)) for code, character in enumerate(_DEFAULT_TABLE) if code != ESCAPE}
    | {character: bytes((ESCAPE, code)) for character, code in _EXTENSION_TABLE.items()}
)
"""Every character the alphabet has, with its septets, one per octet: 1, or 2 for the extension table."""


class NotGsm7(ValueError):
    """The text has a character the GSM 7-bit alphabet does not."""


SINGLE_SEPTET = frozenset(character for character, septets in SEPTETS.items() if len(septets) == 1)
"""The characters that cost one septet."""


def encode(text: str) -> bytes:
    """One septet per octet (unpacked, as SMPP carries it). Raises NotGsm7."""
    try:
        return b"".join(map(SEPTETS.__getitem__, text))
    except KeyError as error:
        raise NotGsm7(f"{error} is not in the GSM 7-bit alphabet") from None


def decode(octets: bytes) -> str:
    """The text of one septet per octet; what is no septet is U+FFFD.

    An escape before nothing known leaves the character of the default table; alone it is a space (§6.2.1.1).
    """
    plain, *escaped = octets.decode("latin-1").split(chr(ESCAPE))
    return plain.translate(_CHARACTERS) + "".join(map(_decode_escaped, escaped))


def _decode_escaped(after_escape: str) -> str:
    if not after_escape:
        return " "
    if after_escape[0] in _EXTENDED:
        return _EXTENDED[after_escape[0]] + after_escape[1:].translate(_CHARACTERS)
    return after_escape.translate(_CHARACTERS)
