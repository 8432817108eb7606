"""The calls about registered templates."""

from typing import Any

from khata.api.reference.call import (
    CURSOR,
    LIMIT,
    Call,
    id_in_path,
)
from khata.api.templates import Template, TemplateBody, TemplatePage

_BODY: dict[str, Any] = {
    "template_number": "1107161234567890001",
    "name": "Sign-in code",
    "from": "ACMEIN",
    "category": "service_implicit",
    "text": "{#numeric#} is your code for {#var#}. Do not share it.",
}
_TEMPLATE: dict[str, Any] = {
    "id": "tpl_01kc1t2v9x0h5x9m3t8w2b6n4a",
    **_BODY,
    "variables": ["numeric", "var"],
    "created_at": "2026-11-22T12:05:44.320117Z",
    "retired_at": None,
}

TEMPLATE_CALLS = (
    Call(
        "POST",
        "/v1/templates",
        "Add a template",
        "For messages to India: adds a text as your entity has registered it (DLT). Where the organisation has checks "
        "switched on, messages to India must match one: others are refused before they cost anything. A registered "
        "text never changes: add the changed one with its new number, and retire the old one in the console.",
        201,
        Template,
        _TEMPLATE,
        "send",
        bodies=(TemplateBody,),
        examples={"a sign-in code": _BODY},
        headers=("Location",),
    ),
    Call(
        "GET",
        "/v1/templates",
        "List templates",
        "Newest first, retired ones included.",
        200,
        TemplatePage,
        {"data": [_TEMPLATE], "next_cursor": None},
        "read",
        parameters=(LIMIT, CURSOR),
    ),
    Call(
        "GET",
        "/v1/templates/{template_id}",
        "Read a template",
        "One template, in use or retired.",
        200,
        Template,
        _TEMPLATE,
        "read",
        parameters=(id_in_path("template_id", "tpl", "The template's `id`."),),
    ),
)
