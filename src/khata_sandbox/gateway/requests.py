"""What API clients send: bodies, queries, notes and paging, checked to the letter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from khata_sandbox.gateway.errors import ApiError, invalid

NOTES_MAXIMUM = 15
NOTE_LENGTH_MAXIMUM = 256
COUNT_DEFAULT = 10
COUNT_MAXIMUM = 100
INSTANT_MINIMUM = 946_684_800
INSTANT_MAXIMUM = 4_765_046_400
PAGE_FIELDS = ("from", "to", "count", "skip", "expand[]")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`from_at` and `to_at` are unix seconds, both included."""

    from_at: int
    to_at: int
    count: int
    skip: int
    expand: frozenset[str]


async def json_body(request: Request) -> dict[str, Any]:
    """The body as an object; an empty body is an empty one. Raises ApiError."""
    raw = await request.body()
    try:
        value = json.loads(raw or b"{}")
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise ApiError("The request body is not valid JSON.") from error
    if not isinstance(value, dict):
        raise ApiError("The request body must be a JSON object.")
    return value


def refuse_others(given: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    """Raises ApiError when a field is there that must not be."""
    others = [name for name in given if name not in allowed]
    if others:
        raise ApiError(f"{', '.join(others)} is/are not required and should not be sent")


def page_request(request: Request, *filters: str) -> PageRequest:
    """Paging of a collection; `filters` are further query fields its caller understands. Raises ApiError."""
    query = request.query_params
    refuse_others(query, (*PAGE_FIELDS, *filters))
    return PageRequest(
        from_at=whole_number(query, "from", 0, INSTANT_MINIMUM, INSTANT_MAXIMUM),
        to_at=whole_number(query, "to", INSTANT_MAXIMUM, INSTANT_MINIMUM, INSTANT_MAXIMUM),
        count=whole_number(query, "count", COUNT_DEFAULT, 1, COUNT_MAXIMUM),
        skip=whole_number(query, "skip", 0, 0, 10**12),
        expand=expansions(request),
    )


def expansions(request: Request) -> frozenset[str]:
    return frozenset(request.query_params.getlist("expand[]"))


def whole_number(query: Mapping[str, str], name: str, default: int | None, minimum: int, maximum: int) -> int:
    """A number of the query; with no default it must be there. Raises ApiError."""
    text = query.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise invalid(name, f"The {name} field is required.")
    if not (text.isascii() and text.isdigit()):
        raise invalid(name, f"The {name} must be an integer.")
    if int(text) < minimum:
        raise invalid(name, f"The {name} must be at least {minimum}.")
    if int(text) > maximum:
        raise invalid(name, f"The {name} may not be greater than {maximum}.")
    return int(text)


def notes_text(value: object) -> str:
    """Notes as they are stored. Raises ApiError unless they are at most 15 short texts."""
    if value in ([], None):
        return "{}"
    if not isinstance(value, dict):
        raise invalid("notes", "The notes must be an object.")
    if len(value) > NOTES_MAXIMUM:
        raise invalid("notes", f"The notes may not have more than {NOTES_MAXIMUM} items.")
    if any(not isinstance(note, str | int) or len(str(note)) > NOTE_LENGTH_MAXIMUM for note in value.values()):
        raise invalid("notes", f"Each note must be a text of at most {NOTE_LENGTH_MAXIMUM} characters.")
    return json.dumps({name: str(note) for name, note in value.items()})
