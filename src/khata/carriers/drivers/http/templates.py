"""Texts with placeholders, filled with what a message brings. Templates are data: nothing in them is ever run.

What is filled in is never looked at again, so a message that reads "{secret}" goes out as it is. Encoding is left to
whoever writes the query, the form or the JSON.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

PLACEHOLDERS = (
    "to", "to_digits", "from", "text", "encoding", "reference", "callback_url", "dlt_entity_id", "dlt_template_id",
    "secret",
)  # fmt: skip
HEADER_PLACEHOLDERS = ("reference", "secret")
"""What people write must not come near a header."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Template(NamedTuple):
    """Literal texts at even places, names of placeholders at odd ones."""

    pieces: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.pieces[1::2]

    def filled(self, values: Mapping[str, str]) -> str | None:
        """None for a single placeholder without a value: what is not known is left out."""
        text = "".join(values[piece] if at % 2 else piece for at, piece in enumerate(self.pieces))
        return text if text or not self.names else None


Shape = Template | dict[str, Any] | list[Any] | int | bool
"""JSON with templates instead of texts."""


def template_of(where: str, text: str, allowed: tuple[str, ...] = PLACEHOLDERS) -> Template:
    """Raises ValueError for a placeholder that is not `allowed`, and for a brace that belongs to none."""
    template = Template(tuple(_PLACEHOLDER.split(text)))
    for name in template.names:
        if name not in allowed:
            raise ValueError(f"{where}: {{{name}}} is none of {', '.join(f'{{{known}}}' for known in allowed)}")
    if any(brace in literal for literal in template.pieces[::2] for brace in "{}"):
        raise ValueError(f"{where}: a brace in “{text}” belongs to no placeholder")
    return template


def templates_of(where: str, texts: Mapping[str, str], allowed: tuple[str, ...] = PLACEHOLDERS) -> dict[str, Template]:
    return {name: template_of(f"{where}.{name}", text, allowed) for name, text in texts.items()}


def shape_of(where: str, value: Any) -> Shape:
    """Raises ValueError."""
    match value:
        case str():
            return template_of(where, value)
        case Mapping():
            return {str(name): shape_of(f"{where}.{name}", item) for name, item in value.items()}
        case list():
            return [shape_of(where, item) for item in value]
        case bool() | int():
            return value
        case _:
            raise ValueError(f"{where}: only texts, whole numbers, true, false, lists and tables can stand there")


def names_in(shape: Shape) -> set[str]:
    match shape:
        case Template():
            return set(shape.names)
        case dict():
            return {name for item in shape.values() for name in names_in(item)}
        case list():
            return {name for item in shape for name in names_in(item)}
        case _:
            return set()


def filled_pairs(templates: Mapping[str, Template], values: Mapping[str, str]) -> dict[str, str]:
    found = {name: template.filled(values) for name, template in templates.items()}
    return {name: text for name, text in found.items() if text is not None}


def filled_shape(shape: Shape, values: Mapping[str, str]) -> Any:
    match shape:
        case Template():
            return shape.filled(values)
        case dict():
            filled = {name: filled_shape(item, values) for name, item in shape.items()}
            return {name: item for name, item in filled.items() if item is not None}
        case list():
            return [filled_shape(item, values) for item in shape]
        case _:
            return shape
