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
from khata.api.reference.forms import INSTANT, id_form
from khata.kernel.errors import DatabaseUnavailable, InvalidRequest, KhataError, NotFound
from khata.kernel.pages import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from khata.tenancy.operations import InvalidApiKey, MissingScope

Schema = dict[str, Any]
Errors = tuple[type[KhataError], ...]

_OF_ALL: Errors = (MalformedRequest, InvalidApiKey, MissingScope, DatabaseUnavailable)
_OF_BODIES: Errors = (MalformedJson, BodyTooLarge, UnsupportedMediaType, InvalidRequest)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value in the address or the query, or a header of the request; `errors` are those it alone can bring."""

    name: str
    place: Literal["path", "query", "header"]
    text: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    is_required: bool = False
    errors: Errors = (InvalidRequest,)


@dataclass(frozen=True, slots=True)
class Call:
    """One method on one path.

    `bodies` and `answer` are the structs the handler itself reads and writes; `examples` are bodies by what they show.
    `headers` are those of the answer. Where `answer` is None it is a file of `media_type`. `errors` are what this call
    may be refused with besides what its parameters and bodies bring.
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

    @property
    def refusals(self) -> Errors:
        """All it may be refused with; a slip of ours (500) comes on top."""
        of_bodies = _OF_BODIES if self.bodies else ()
        of_parameters = (error for parameter in self.parameters for error in parameter.errors)
        return tuple(dict.fromkeys((*_OF_ALL, *of_bodies, *of_parameters, *self.errors)))


OPTIONAL_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A text of your own for this request, 1 to 255 printable ASCII characters, quoted or not. A repeat with the same "
    "key and request within 72 hours has no second effect: it gets the first answer again, with "
    "`Idempotent-Replayed: true`. A refused request leaves its key free.",
    {"type": "string", "minLength": 1, "maxLength": 257, "pattern": "^[ -~]+$"},
    errors=(InvalidIdempotencyKey,),
)
REQUIRED_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A fresh text of your own for each new top-up or refund. A repeat with the same key and request gets the same one, "
    "as it stands by then; these keys are kept for good.",
    OPTIONAL_KEY.schema,
    is_required=True,
    errors=(IdempotencyKeyMissing, InvalidIdempotencyKey),
)
LIMIT = Parameter(
    "limit",
    "query",
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE_DEFAULT},
)
CURSOR = Parameter("cursor", "query", "`next_cursor` of the page before.", {"type": "string", "minLength": 1})


def time_range(name: str) -> tuple[Parameter, Parameter]:
    """`<name>_after` and `<name>_before`."""
    schema = {"type": "string", **INSTANT}
    return (
        Parameter(f"{name}_after", "query", "From this instant on.", schema),
        Parameter(f"{name}_before", "query", "Up to this instant, which is not included.", schema),
    )


def id_in_path(name: str, prefix: str, text: str) -> Parameter:
    schema = {"type": "string", **id_form(prefix)}
    return Parameter(name, "path", text, schema, is_required=True, errors=(NotFound,))
