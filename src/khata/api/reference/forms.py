"""How values look, in the words of JSON Schema."""

from collections.abc import Mapping
from typing import Any

Form = Mapping[str, Any]
Described = tuple[str, Form]
"""What a name means, and what else is known about its values."""

CREDITS: Form = {"pattern": r"^-?[0-9]+(\.[0-9]{1,6})?$"}
MONEY: Form = {"pattern": r"^[0-9]+\.[0-9]{2}$"}
INSTANT: Form = {"format": "date-time"}


def id_form(prefix: str) -> Form:
    return {"pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"}
