"""The words a call is described with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from khata.api.errors import (
    BodyTooLarge,
    IdempotencyKeyMissing,
    InvalidIdempotencyKey,
    MalformedJson,
    MalformedRequest,
    UnsupportedMediaType,
)
from khata.kernel.errors import DatabaseUnavailable, InvalidRequest, KhataError
from khata.kernel.pages import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from khata.tenancy.operations import InvalidApiKey, MissingScope

Schema = dict[str, Any]
Errors = tuple[type[KhataError], ...]

FOR_ALL: Errors = (MalformedRequest, InvalidApiKey, MissingScope, DatabaseUnavailable)
"""What any call with a key may be refused with; slips of ours (500) come on top."""
FOR_BODIES: Errors = (MalformedJson, BodyTooLarge, UnsupportedMediaType, InvalidRequest)
FOR_KEYS: Errors = (InvalidIdempotencyKey,)
FOR_REQUIRED_KEYS: Errors = (IdempotencyKeyMissing, InvalidIdempotencyKey)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value in the address or the query, or a header of the request."""

    name: str
    place: Literal["path", "query", "header"]
    text: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One method on one path.

    `bodies` and `answer` are the structs the handler itself reads and writes; `examples` are bodies by what they show.
    `headers` are those of the answer. Where `answer` is None it is a file of `media_type`.
    """

    method: str
    path: str
    title: str
    text: str
    status: int
    answer: type[msgspec.Struct] | None
    answer_example: Mapping[str, Any]
    scope: str
    bodies: tuple[type[msgspec.Struct], ...] = ()
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    headers: tuple[str, ...] = ()
    errors: Errors = ()
    media_type: str = "application/json"


INSTANT: Schema = {"type": "string", "format": "date-time"}

OPTIONAL_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A text of your own for this request, 1 to 255 printable ASCII characters, quoted or not. A repeat with the same "
    "key and request within 72 hours has no second effect: it gets the first answer again, with "
    "`Idempotent-Replayed: true`. A refused request leaves its key free.",
    {"type": "string", "minLength": 1, "maxLength": 257, "pattern": "^[ -~]+$"},
)
REQUIRED_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A fresh text of your own for each new top-up or refund. A repeat with the same key and request gets the same one, "
    "as it stands by then; these keys are kept for good.",
    OPTIONAL_KEY.schema,
    is_required=True,
)
CREATED_AFTER = Parameter("created_after", "query", "From this instant on.", INSTANT)
CREATED_BEFORE = Parameter("created_before", "query", "Up to this instant, which is not included.", INSTANT)
LIMIT = Parameter(
    "limit",
    "query",
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE_DEFAULT},
)
CURSOR = Parameter("cursor", "query", "`next_cursor` of the page before.", {"type": "string", "minLength": 1})


def id_in_path(name: str, prefix: str, text: str) -> Parameter:
    schema = {"type": "string", "pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"}
    return Parameter(name, "path", text, schema, is_required=True)
