"""The OpenAPI document and the errors as pages: plain HTML, readable without scripts and without a network."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from khata.api.reference.document import openapi_document
from khata.api.reference.problems import Refusal, example_of, refusals

FOLDER = Path(__file__).parent

_ENGINE = Engine(dirs=[str(FOLDER / "templates")])
_CODE = re.compile(r"`([^`]+)`")
_NULL = {"type": "null"}


@dataclass(frozen=True, slots=True)
class Row:
    """One name of a body, or one parameter."""

    name: str
    kind: str
    text: SafeString
    is_required: bool


@dataclass(frozen=True, slots=True)
class Sample:
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status of a call; `codes` are those of its problem documents."""

    status: str
    rows: tuple[Row, ...]
    samples: tuple[Sample, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownCall:
    anchor: str
    method: str
    path: str
    title: str
    paragraphs: tuple[SafeString, ...]
    parameters: tuple[Row, ...]
    bodies: tuple[tuple[Row, ...], ...]
    samples: tuple[Sample, ...]
    answer: Answer
    refusals: tuple[Answer, ...]


def reference_page() -> str:
    document = openapi_document()
    calls = [
        _shown(document, method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return _render("reference.html", {"text": prose(document["info"]["description"]), "calls": calls})


def errors_page() -> str:
    return _render("errors.html", {"refusals": [_explained(refusal) for refusal in refusals().values()]})


def error_page(code: str) -> str:
    """Raises KeyError for a code there is not."""
    return _render("error.html", {"refusal": _explained(refusals()[code])})


def prose(text: str) -> SafeString:
    """Text with `code` in it, as HTML."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(text)))  # noqa: S308 - escaped first


def _render(name: str, context: dict[str, Any]) -> str:
    return str(_ENGINE.get_template(name).render(Context(context)))


def _shown(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> ShownCall:
    answers = [_answer(document, status, answer) for status, answer in operation["responses"].items()]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schemas = body["schema"].get("oneOf", [body["schema"]]) if body else []
    return ShownCall(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation["summary"],
        paragraphs=tuple(prose(text) for text in operation["description"].split("\n\n")),
        parameters=tuple(_parameter(parameter) for parameter in operation["parameters"]),
        bodies=tuple(tuple(_rows(document, schema)) for schema in schemas),
        samples=tuple(_sample(e["summary"], e["value"]) for e in body.get("examples", {}).values()),
        answer=answers[0],
        refusals=tuple(answers[1:]),
    )


def _answer(document: dict[str, Any], status: str, answer: dict[str, Any]) -> Answer:
    ((media_type, content),) = _resolved(document, answer)["content"].items()
    codes = tuple(content.get("examples", {}))
    if not content:
        return Answer(status, (), (Sample(status, f"A file: {media_type}"),), codes)
    return Answer(
        status=status,
        rows=() if codes else tuple(_rows(document, content["schema"])),
        samples=() if codes else (_sample(status, content["example"]),),
        codes=codes,
    )


def _parameter(parameter: dict[str, Any]) -> Row:
    kind = f"{parameter['in']}, {_kind(parameter['schema'])}"
    return Row(parameter["name"], kind, prose(parameter["description"]), parameter["required"])


def _rows(document: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> Iterator[Row]:
    """Every name of an object, those of objects inside it behind it, as `timeline[].event`."""
    found = _resolved(document, schema)
    for name, value in found["properties"].items():
        is_required = name in found.get("required", ())
        yield Row(prefix + name, _kind(value), prose(value["description"]), is_required)
        inner, suffix = _inner(value)
        if "$ref" in inner:
            yield from _rows(document, inner, f"{prefix}{name}{suffix}.")


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to; a part that is none as it is."""
    if "$ref" not in part:
        return part
    *_, kind, name = part["$ref"].split("/")
    found: dict[str, Any] = document["components"][kind][name]
    return found


def _inner(schema: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What an array or an optional value holds, and how a path leads there."""
    if schema.get("type") == "array":
        return schema["items"], "[]"
    return next((one for one in schema.get("anyOf", ()) if one != _NULL), schema), ""


def _kind(schema: dict[str, Any]) -> str:
    inner, suffix = _inner(schema)
    words = "array" if suffix else inner.get("type", "object")
    if "enum" in schema:
        words = " or ".join(schema["enum"])
    if schema.get("format") == "date-time":
        words = "time"
    return f"{words} or null" if _NULL in schema.get("anyOf", ()) else words


def _explained(refusal: Refusal) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "title": refusal.title,
        "status": refusal.status,
        "meanings": refusal.meanings,
        "advice": prose(refusal.advice),
        "example": _sample("Example", example_of(refusal)),
    }


def _sample(title: str, value: Any) -> Sample:
    return Sample(title, json.dumps(value, indent=2, ensure_ascii=False))
