"""Bodies decoded strictly: size and nesting checked before decoding, no coercion, no unknown or repeated names.

msgspec alone keeps the last of two equal names silently, so repeats are looked for by a second, exact reading
(the standard library's hook) of bodies that are small by then.
"""

import json
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


async def read_body(request: Request[Any, Any, Any], shape: type[Body], *, size_max: int = BODY_SIZE_MAX) -> Body:
    """Raises BodyTooLarge, UnsupportedMediaType, MalformedJson, InvalidRequest."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > size_max:
        raise BodyTooLarge
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UnsupportedMediaType
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > size_max:
            raise BodyTooLarge
    return decode(bytes(received), shape)


def decode(body: bytes, shape: type[Body]) -> Body:
    """Raises MalformedJson, InvalidRequest."""
    if _nesting(body) > NESTING_MAX:
        raise MalformedJson("The JSON is nested too deeply.")
    try:
        decoded = msgspec.json.decode(body, type=shape, strict=True)
        json.loads(body, object_pairs_hook=_refuse_repeats)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedJson from error
    return decoded


def idempotency_key(request: Request[Any, Any, Any], *, is_required: bool) -> str | None:
    """The Idempotency-Key header, bare or as the quoted string of the IETF draft; None where there is none."""
    text = request.headers.get("idempotency-key")
    if text is None:
        if is_required:
            raise IdempotencyKeyMissing
        return None
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not 0 < len(text) <= IDEMPOTENCY_KEY_LENGTH_MAX or not (text.isascii() and text.isprintable()):
        raise InvalidIdempotencyKey
    return text


def _nesting(body: bytes) -> int:
    """The deepest nesting of brackets outside strings."""
    depth = deepest = 0
    is_text = is_escaped = False
    if body.count(b"[") + body.count(b"{") <= NESTING_MAX:
        return 0
    for byte in body:
        if is_text:
            is_text = is_escaped or byte != 0x22
            is_escaped = byte == 0x5C and not is_escaped
        elif byte == 0x22:
            is_text = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name is repeated")
    return names


def _invalid(error: msgspec.ValidationError) -> InvalidRequest:
    """msgspec says "Expected `str`, got `int` - at `$.to`" or "Object contains unknown field `x`"."""
    text, _, path = str(error).partition(" - at ")
    field = path.strip("`").removeprefix("$").removeprefix(".") or _quoted(text)
    code = "unknown_field" if "unknown field" in text else "required" if "missing required" in text else "wrong_type"
    return InvalidRequest([field_problem(field, code, text + ".")])


def _quoted(text: str) -> str:
    parts = text.split("`")
    return parts[-2] if len(parts) > 2 else ""
