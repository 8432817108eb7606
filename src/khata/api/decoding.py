"""Requests read strictly: size and nesting checked before decoding, no coercion, no unknown or repeated names.

msgspec alone keeps the last of two equal names silently, so bodies, small by then, are first read by the standard
library, whose hook sees repeats. It also lets through texts PostgreSQL cannot keep, which are told field by field.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Request

from khata.api.errors import (
    BodyTooLarge,
    IdempotencyKeyMissing,
    InvalidIdempotencyKey,
    MalformedJson,
    UnsupportedMediaType,
)
from khata.kernel.errors import InvalidRequest, field_problem

Body = TypeVar("Body", bound=msgspec.Struct)

BODY_SIZE_MAX = 1_048_576
NESTING_MAX = 32
IDEMPOTENCY_KEY_LENGTH_MAX = 255

_ECHO_LENGTH_MAX = 200
"""How much of a refused request is said back: a megabyte of unknown name is not."""

# Linear in the body, however hostile: escapes go first, so that a text ends at the next quote.
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_TEXT = re.compile(rb'"[^"]*"?')
_NO_BRACKETS = re.compile(rb"[^\[\]{}]+")

_UNFIT_TEXT = re.compile("[\x00\ud800-\udfff]")


async def read_body(request: Request[Any, Any, Any], shape: type[Body]) -> Body:
    """Raises BodyTooLarge, UnsupportedMediaType, MalformedJson, InvalidRequest."""
    return decode(await receive_body(request), shape)


async def receive_body(request: Request[Any, Any, Any], *, size_max: int = BODY_SIZE_MAX) -> bytes:
    """The bytes of a JSON body, not yet looked at. Raises BodyTooLarge, UnsupportedMediaType."""
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > size_max:
        raise BodyTooLarge
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UnsupportedMediaType
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > size_max:
            raise BodyTooLarge
    return bytes(received)


def decode(body: bytes, shape: type[Body]) -> Body:
    """Raises MalformedJson, InvalidRequest."""
    return decode_chosen(body, lambda _: shape)


def decode_chosen(body: bytes, choose: Callable[[dict[str, Any]], type[Body]]) -> Body:
    """As `decode`, where the shape depends on what the object holds."""
    if not body.lstrip(b" \t\r\n").startswith(b"{"):
        raise MalformedJson
    if _is_too_deep(body):
        raise MalformedJson("The JSON is nested too deeply.")
    try:
        document = _DECODER.decode(body.decode())
        if b"\\u" in body:  # the only way in for what JSON itself forbids in a text
            _refuse_unfit_texts(document)
        return msgspec.json.decode(body, type=choose(document), strict=True)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedJson from error


def idempotency_key(request: Request[Any, Any, Any], *, is_required: bool) -> str | None:
    """The Idempotency-Key header, bare or as the quoted string of the IETF draft; None where there is none."""
    key = read_idempotency_key(request.headers.getall("idempotency-key", []))
    if key is None and is_required:
        raise IdempotencyKeyMissing
    return key


def read_idempotency_key(texts: Sequence[str]) -> str | None:
    """The key from the header's values: there may be one. Raises InvalidIdempotencyKey."""
    if not texts:
        return None
    text = texts[0]
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    is_fit = 0 < len(text) <= IDEMPOTENCY_KEY_LENGTH_MAX and text.isascii() and text.isprintable()
    if len(texts) > 1 or not is_fit:
        raise InvalidIdempotencyKey
    return text


def _is_too_deep(body: bytes) -> bool:
    """Whether brackets outside texts nest deeper than NESTING_MAX."""
    if body.count(b"[") + body.count(b"{") <= NESTING_MAX:
        return False
    depth = 0
    for bracket in _NO_BRACKETS.sub(b"", _TEXT.sub(b"", _ESCAPE.sub(b"", body))):
        depth += 1 if bracket in b"[{" else -1
        if depth > NESTING_MAX:
            return True
    return False


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name is repeated")
    return names


def _refuse_unfit_texts(document: dict[str, Any]) -> None:
    unfit = [name for name, value in document.items() if any(map(_UNFIT_TEXT.search, _texts({name: value})))]
    if unfit:
        detail = "A text holds a NUL character or half of a surrogate pair."
        shown = (_UNFIT_TEXT.sub("\N{REPLACEMENT CHARACTER}", name)[:_ECHO_LENGTH_MAX] for name in unfit)
        raise InvalidRequest([field_problem(name, "invalid_text", detail) for name in shown])


_DECODER = json.JSONDecoder(object_pairs_hook=_refuse_repeats)


def _texts(value: Any) -> Iterator[str]:
    """All strings of a document, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _invalid(error: msgspec.ValidationError) -> InvalidRequest:
    """msgspec says "Expected `str`, got `int` - at `$.to`" or "Object contains unknown field `x` - at `$.a[3]`"."""
    text, _, path = str(error).partition(" - at ")
    # A map's values are named by the map: `$.metadata[...]`.
    field = path.strip("`").removeprefix("$").removeprefix(".").removesuffix("[...]")
    if text.startswith("Object "):  # the path leads to the object, the field is named in the text
        field = ".".join(part for part in (field, _quoted(text)) if part)
    detail = text + "." if len(text) <= _ECHO_LENGTH_MAX else text[:_ECHO_LENGTH_MAX] + "…"
    return InvalidRequest([field_problem(field[:_ECHO_LENGTH_MAX], _code(text), detail)])


def _code(text: str) -> str:
    if "unknown field" in text:
        return "unknown_field"
    if "missing required" in text:
        return "required"
    if "RFC3339" in text or "timezone" in text:
        return "not_a_time"
    return "unsupported" if text.startswith("Invalid enum value") else "wrong_type"


def _quoted(text: str) -> str:
    parts = text.split("`")
    return parts[-2] if len(parts) > 2 else ""
