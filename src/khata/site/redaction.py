"""What must never stand in a log, wherever a text came from: API keys, credentials, card numbers, our own secrets.

A last line of defence: nothing logs them on purpose.
"""

import re
from collections.abc import Iterable

REDACTED = "[redacted]"
SECRET_LENGTH_MIN = 8
"""A shorter secret of ours is not searched for: as "test" it would blank out half of every line."""

_API_KEY = re.compile(r"\bkh_(test|live)_[0-9A-Za-z]+", re.ASCII)
_AUTHORIZATION = re.compile(
    r"""(authorization['"]?\s*[:=,]\s*b?['"]?)(?!\[redacted)[^\s'",)\]}]+(\s+[^\s'",)\]}]+)?""", re.I
)
_CREDENTIALS = re.compile(r"\b(basic|bearer)\s+[\w+/=.~-]{8,}", re.IGNORECASE | re.ASCII)
_URL_CREDENTIALS = re.compile(r"://[^/\s@'\"]*:[^/\s@'\"]+@")
# 13 to 19 digits, in groups perhaps, that are no part of a longer word.
_DIGITS = re.compile(r"(?<![\w.-])[0-9](?:[ -]?[0-9]){12,18}(?![\w-])", re.ASCII)


class Redaction:
    """Knows the installation's own secrets besides what secrets look like in general."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SECRET_LENGTH_MIN}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        text = _AUTHORIZATION.sub(rf"\1{REDACTED}", text)
        text = _API_KEY.sub(rf"kh_\1_{REDACTED}", text)
        text = _CREDENTIALS.sub(rf"\1 {REDACTED}", text)
        text = _URL_CREDENTIALS.sub(f"://{REDACTED}@", text)
        return _DIGITS.sub(_without_card, text)


def _without_card(match: re.Match[str]) -> str:
    digits = [int(character) for character in match[0] if character.isdigit()]
    return REDACTED if _is_luhn(digits) else match[0]


def _is_luhn(digits: list[int]) -> bool:
    """The check digit of ISO/IEC 7812, which every card number carries."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
