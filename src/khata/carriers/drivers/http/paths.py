"""Places in JSON a carrier sent: "data.0.id" is the id of the first of the list "data"."""

from collections.abc import Mapping
from typing import Any

from khata.carriers.callbacks import readable

TEXT_LENGTH_MAX = 500


def text_at(found: Any, path: str) -> str:
    """The text, number or truth value there; "" for anything else. JSON's own words for true and false."""
    value = value_at(found, path)
    if isinstance(value, bool):
        return str(value).lower()
    return readable(str(value)) if isinstance(value, str | int) else ""


def value_at(found: Any, path: str) -> Any:
    """None where there is nothing."""
    # A form has names, and a name may have a dot in it.
    if isinstance(found, Mapping) and path in found:
        return found[path]
    for step in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found
