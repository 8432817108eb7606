"""The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1), one septet per octet as SMPP data_coding 0 carries it."""

import codecs
import re
from typing import Final

_ESCAPE: Final = "\x1b"
_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_ENCODED: Final = {character: bytes((code,)) for code, character in enumerate(_BASIC) if character != _ESCAPE} | {
    character: bytes((0x1B, code)) for character, code in _EXTENDED.items()
}
_AFTER_ESCAPE: Final = {_BASIC[code]: character for character, code in _EXTENDED.items()}
_ESCAPED = re.compile("\x1b(.?)", re.DOTALL)


def decode(octets: bytes) -> str:
    """The text; an octet above 0x7F, an unknown escape or one at the very end becomes U+FFFD, so damage is seen."""
    text = codecs.charmap_decode(octets, "replace", _BASIC)[0]
    if _ESCAPE in text:
        text = _ESCAPED.sub(lambda match: _AFTER_ESCAPE.get(match[1], "\ufffd"), text)
    return text


def is_encodable(text: str) -> bool:
    """Whether every character is in the alphabet."""
    return all(character in _ENCODED for character in text)


def encode(text: str) -> bytes:
    """The octets; a character outside the alphabet becomes a question mark."""
    return b"".join([_ENCODED.get(character, b"?") for character in text])
