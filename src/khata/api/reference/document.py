"""The OpenAPI 3.1 document, made from the table of calls and from the structs the handlers read and write."""

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
_REQUEST_ID = {"description": "Names this request in our log.", "schema": _TEXT, "required": True}
_HEADERS: dict[str, Schema] = {
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
_STATUS_HEADERS = {401: "WWW-Authenticate", 409: "Retry-After", 503: "Retry-After"}


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
        "headers": {"X-Request-Id": _REQUEST_ID, **{name: _HEADERS[name] for name in call.headers}},
        "content": {call.media_type: _content(call)},
    }


def _content(call: Call) -> dict[str, Any]:
    """Nothing is said of what is inside a file."""
    if call.answer is None:
        return {}
    return {"schema": _schema_of(call.answer), "example": dict(call.answer_example)}


def _refused(call: Call) -> dict[str, Any]:
    """By status, in order; one example for each code."""
    by_status: defaultdict[int, dict[str, Refusal]] = defaultdict(dict)
    for refusal in (*map(refusal_of, call.errors), SLIP):
        by_status[refusal.status][refusal.code] = refusal
    return {str(status): _refused_with(status, by_status[status]) for status in sorted(by_status)}


def _refused_with(status: int, refusals: dict[str, Refusal]) -> dict[str, Any]:
    headers = {"X-Request-Id": _REQUEST_ID}
    if name := _STATUS_HEADERS.get(status):
        # Of conflicts, only a request that is being answered just now is worth repeating.
        headers[name] = {**_HEADERS[name], "required": status != HTTPStatus.CONFLICT}
    examples = {
        code: {"summary": refusal.meanings[0], "value": example_of(refusal)} for code, refusal in refusals.items()
    }
    return {
        "description": ", ".join(f"`{code}`" for code in refusals),
        "headers": headers,
        "content": {"application/problem+json": {"schema": _schema_of(Problem), "examples": examples}},
    }


def _schemas() -> dict[str, Any]:
    calls = [call for group in GROUPS.values() for call in group]
    structs = {struct: None for call in calls for struct in (*call.bodies, call.answer) if struct}
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
    return {"$ref": _REFERENCE.format(name=struct.__name__)}


def _key(title: str) -> str:
    return title.replace(" ", "_").replace("-", "_")
