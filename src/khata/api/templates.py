"""`/v1/templates`: the texts an organisation has registered in India. Register one here, read them, list them."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.decoding import read_body
from khata.api.ids import cursor_after, uuid_in_path
from khata.api.query import read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer, instant
from khata.kernel.clock import rfc3339
from khata.kernel.errors import InvalidRequest
from khata.messaging import template_queries
from khata.messaging.core.patterns import variables_of
from khata.messaging.operations import TemplateToAdd, add_template
from khata.messaging.template_queries import TemplateRow

_FIELDS = {"template_ref": "template_number", "sender": "from", "entity_ref": "organisation"}


class TemplateBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/templates`."""

    template_number: str
    name: str
    sender: str = msgspec.field(name="from")
    category: str
    text: str


class Template(msgspec.Struct):
    """A registered text."""

    id: str
    template_number: str
    name: str
    sender: str = msgspec.field(name="from")
    category: str
    text: str
    variables: list[str]
    created_at: str
    retired_at: str | None


class TemplatePage(msgspec.Struct):
    data: list[Template]
    next_cursor: str | None


@post("/v1/templates", status_code=201)
async def create_template(request: Request[Any, Any, Any]) -> Any:
    body = await read_body(request, TemplateBody)
    added = await in_database_thread(partial(_create, request, body))
    return answer(added, status=201, headers={"Location": f"/v1/templates/{added.id}"})


@get("/v1/templates/{template_id:str}")
async def read_template(request: Request[Any, Any, Any], template_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_read, request, template_id)))


@get("/v1/templates")
async def list_templates(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


def _create(request: Request[Any, Any, Any], body: TemplateBody) -> Template:
    caller = authenticate(request, "send")
    wanted = TemplateToAdd(body.template_number, body.name, body.sender, body.category, body.text)
    try:
        id_ = add_template(organisation_id=caller.organisation_id, template=wanted)
    except InvalidRequest as error:
        raise InvalidRequest([p | {"field": _FIELDS.get(p["field"], p["field"])} for p in error.errors]) from error
    return _shown(template_queries.template(organisation_id=caller.organisation_id, template_id=id_))


def _read(request: Request[Any, Any, Any], template_id: str) -> Template:
    caller = authenticate(request, "read")
    id_ = uuid_in_path("tpl", template_id)
    return _shown(template_queries.template(organisation_id=caller.organisation_id, template_id=id_))


def _list(request: Request[Any, Any, Any]) -> TemplatePage:
    caller = authenticate(request, "read")
    query = read_query(request, "limit", "cursor")
    page = template_queries.templates(
        organisation_id=caller.organisation_id,
        before_id=query.before_id("tpl"),
        limit=query.limit(),
    )
    return TemplatePage([_shown(row) for row in page.rows], cursor_after(page, "tpl"))


def _shown(row: TemplateRow) -> Template:
    return Template(
        id=row.public_id,
        template_number=row.template_ref,
        name=row.name,
        sender=row.sender,
        category=row.category.word,
        text=row.text,
        variables=[variable.tag for variable in variables_of(row.pattern)],
        created_at=rfc3339(row.created_at),
        retired_at=instant(row.retired_at),
    )
