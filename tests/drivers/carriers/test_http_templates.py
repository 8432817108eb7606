"""Templates are data: what is filled in is never read again, and nothing but placeholders is ever replaced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.carriers.drivers.http.templates import (
    HEADER_PLACEHOLDERS,
    PLACEHOLDERS,
    filled_shape,
    shape_of,
    template_of,
)

VALUES = {name: f"<{name}>" for name in PLACEHOLDERS}


def test_placeholders_are_filled_and_the_rest_stays() -> None:
    assert template_of("x", "a%s {to}-{text} b").filled(VALUES) == "a%s <to>-<text> b"
    assert template_of("x", "plain").filled(VALUES) == "plain"
    assert template_of("x", "").filled(VALUES) == ""


@given(st.text())
def test_what_people_wrote_goes_out_as_it_is(text: str) -> None:
    assert template_of("x", "{text}|{text}").filled(VALUES | {"text": text}) == f"{text}|{text}"


@pytest.mark.parametrize(
    "text",
    [
        "{To}",
        "{}",
        "{0}",
        "{text!r}",
        "{text:>9}",
        "{text.__class__}",
        "{text[0]}",
        "{{text}}",
        "{text",
        "text}",
        "{a b}",
    ],
)
def test_anything_else_in_braces_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="x: "):
        template_of("x", text)


def test_what_people_write_comes_near_no_header() -> None:
    for name in set(PLACEHOLDERS) - set(HEADER_PLACEHOLDERS):
        with pytest.raises(ValueError, match="is none of"):
            template_of("x", f"{{{name}}}", HEADER_PLACEHOLDERS)


def test_json_keeps_its_shape_and_leaves_out_what_is_not_known() -> None:
    shape = shape_of("x", {"a": ["{to}", {"b": 1, "c": True, "d": "{dlt_entity_id}", "e": "id {dlt_entity_id}"}]})
    assert filled_shape(shape, VALUES | {"dlt_entity_id": ""}) == {"a": ["<to>", {"b": 1, "c": True, "e": "id "}]}


@pytest.mark.parametrize("value", [1.5, None, {"a": object()}])
def test_json_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="only texts"):
        shape_of("x", value)
