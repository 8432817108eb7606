"""The OpenAPI 3.1 document, made from the table of calls and from the structs the handlers read and write.

What many calls share stands once, under `components`.
"""

from collections import defaultdict
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from khata.api.reference.call import Call, Parameter, Schema
from khata.api.reference.calls import GROUPS
from khata.api.reference.fields import described
from khata.api.reference.problems import SLIP, Problem, Refusal, example_of, refusal_of

DESCRIPTION = (
    "JSON in UTF-8. Credits and money are decimal strings, times RFC 3339 in UTC. Unknown and repeated names are "
    "refused. Every answer carries `X-Request-Id`. A refusal is a problem document (RFC 9457): match on its `code`. "
    "What is refused with 4xx has changed, sent and charged nothing."
)

_REFERENCE = "#/components/schemas/{name}"
_TEXT: Schema = {"type": "string"}
_HEADERS: dict[str, Schema] = {
    "X-Request-Id": {"description": "Names this request in our log.", "schema": _TEXT, "required": True},
    "Location": {"description": "Where to read it.", "schema": _TEXT, "required": True},
    "Idempotent-Replayed": {
        "description": "Only on the repeat of an earlier request, whose answer this is.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Content-Disposition": {"description": "A name for the file.", "schema": _TEXT, "required": True},
    "Retry-After": {
        "description": "Seconds to wait before repeating the request.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "required": True,
    },
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": _TEXT, "required": True},
}
_STATUS_HEADERS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}


@cache
def openapi_document() -> dict[str, Any]:
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for group, calls in GROUPS.items():
        for call in calls:
            paths[call.path][call.method.lower()] = _operation(call, group)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Khata API", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"api_key": []}],
        "tags": [{"name": group} for group in GROUPS],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {
                "api_key": {"type": "http", "scheme": "bearer", "description": "An API key: `kh_test_…`, `kh_live_…`."}
            },
            "headers": _HEADERS,
            "responses": _lone_refusals(),
            "examples": _refusal_examples(),
            "schemas": _schemas(),
        },
    }


def _operation(call: Call, group: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _key(call.title.lower()),
        "tags": [group],
        "summary": call.title,
        "description": f"{call.text}\n\nNeeds an API key with the scope `{call.scope}`.",
        "parameters": [_parameter(parameter) for parameter in call.parameters],
        "responses": {str(call.status): _answer(call), **_refused(call)},
    }
    if call.bodies:
        operation["requestBody"] = {"required": True, "content": {"application/json": _body(call)}}
    return operation


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.is_required,
        "description": parameter.text,
        "schema": dict(parameter.schema),
    }


def _body(call: Call) -> dict[str, Any]:
    schemas = [_schema_of(body) for body in call.bodies]
    return {
        "schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas},
        "examples": {_key(title): {"summary": title, "value": value} for title, value in call.examples.items()},
    }


def _answer(call: Call) -> dict[str, Any]:
    return {
        "description": HTTPStatus(call.status).phrase,
        "headers": {name: _shared("headers", name) for name in ("X-Request-Id", *call.headers)},
        "content": {call.media_type: _content(call)},
    }


def _content(call: Call) -> dict[str, Any]:
    """Nothing is said of what is inside a file."""
    if call.answer is None:
        return {}
    return {"schema": _schema_of(call.answer), "example": dict(call.answer_example)}


def _refused(call: Call) -> dict[str, Any]:
    """By status, in order. A code that is alone under its status looks the same in every call."""
    return {
        str(status): _refused_with(status, codes) if len(codes) > 1 else _shared("responses", *codes)
        for status, codes in sorted(_codes_by_status(call).items())
    }


def _lone_refusals() -> dict[str, Any]:
    found = {}
    for call in _calls():
        for status, codes in _codes_by_status(call).items():
            if len(codes) == 1:
                found[codes[0]] = _refused_with(status, codes)
    return dict(sorted(found.items()))


def _refusal_examples() -> dict[str, Any]:
    """By code. Where two domains refuse by the same one, as the call people learn first tells it."""
    found = {refusal.code: refusal for call in reversed(_calls()) for refusal in _refusals_of(call)}
    return {code: {"summary": found[code].meanings[0], "value": example_of(found[code])} for code in sorted(found)}


def _codes_by_status(call: Call) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for refusal in _refusals_of(call):
        found[refusal.status].append(refusal.code)
    return found


def _refusals_of(call: Call) -> list[Refusal]:
    return [*map(refusal_of, call.refusals), SLIP]


def _refused_with(status: int, codes: list[str]) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": _shared("headers", "X-Request-Id")}
    if status == HTTPStatus.CONFLICT:
        # Only a request that is being answered just now is worth repeating.
        headers["Retry-After"] = {**_HEADERS["Retry-After"], "required": False}
    elif name := _STATUS_HEADERS.get(status):
        headers[name] = _shared("headers", name)
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "headers": headers,
        "content": {
            "application/problem+json": {
                "schema": _schema_of(Problem),
                "examples": {code: _shared("examples", code) for code in codes},
            }
        },
    }


def _calls() -> list[Call]:
    return [call for group in GROUPS.values() for call in group]


def _schemas() -> dict[str, Any]:
    structs = {struct: None for call in _calls() for struct in (*call.bodies, call.answer) if struct}
    _, schemas = msgspec.json.schema_components([*structs, Problem], ref_template=_REFERENCE)
    return {name: _described(name, schema) for name, schema in sorted(schemas.items())}


def _described(struct: str, schema: Schema) -> Schema:
    """The struct's schema with what is known of every name."""
    properties = {}
    for name, values in schema["properties"].items():
        text, more = described(struct, name)
        properties[name] = {"description": text, **values, **more}
    return {**schema, "properties": properties}


def _schema_of(struct: type[msgspec.Struct]) -> Schema:
    return _shared("schemas", struct.__name__)


def _shared(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _key(title: str) -> str:
    return title.replace(" ", "_").replace("-", "_")
