"""Facts out of a gateway's answers. Shapes drift, so nothing is believed before it is looked at. For drivers only.

A reader raises `NotUnderstood` where a fact that money depends on is missing or of the wrong kind; what is only shown
to people falls back to "".
"""

import re
from datetime import UTC, datetime
from typing import Any

from khata.payments.rest import Json

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_TEXT_LENGTH_MAX = 255
_WHOLE_MAX = 10**15
_INSTANT_MAX = 4_765_046_400
"""A unix second at the end of 2120: what lies beyond was meant as milliseconds."""


class NotUnderstood(ValueError):
    """The gateway's answer lacks what it must have; the message names it."""


def text(value: Any) -> str:
    """ "" for null and for anything that is no text; control characters, which no database takes, are dropped."""
    if not isinstance(value, str):
        return ""
    return "".join(character for character in value if character.isprintable())[:_TEXT_LENGTH_MAX]


def reference(entity: Json, key: str, shape: re.Pattern[str]) -> str:
    found = entity.get(key)
    if not isinstance(found, str) or not shape.fullmatch(found):
        raise NotUnderstood(f"{key} is no {shape.pattern}")
    return found


def currency(entity: Json) -> str:
    """In upper case, as ISO 4217 writes it."""
    found = entity.get("currency")
    if not isinstance(found, str) or not _CURRENCY.fullmatch(found):
        raise NotUnderstood("currency is missing")
    return found.upper()


def whole(entity: Json, key: str) -> int:
    found = entity.get(key)
    if type(found) is not int or not 0 <= found <= _WHOLE_MAX:
        raise NotUnderstood(f"{key} is no whole number")
    return found


def flag(entity: Json, key: str) -> bool:
    found = entity.get(key)
    if not isinstance(found, bool):
        raise NotUnderstood(f"{key} is neither true nor false")
    return found


def instant(entity: Json, key: str) -> datetime:
    found = whole(entity, key)
    if found > _INSTANT_MAX:
        raise NotUnderstood(f"{key} is no instant")
    return datetime.fromtimestamp(found, UTC)


def part(entity: Json, *keys: str) -> Json:
    """What stands under these keys, one inside the other; {} where there is no such object."""
    found: Any = entity
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
