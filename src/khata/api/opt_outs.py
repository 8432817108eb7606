"""`/v1/opt-outs`: numbers that nothing is sent to. Add some, list them, take one off again by its id.

A number never stands in a path, which logs and histories keep.
"""

import re
from functools import partial
from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.decoding import read_body
from khata.api.ids import cursor_after, uuid_in_path
from khata.api.query import read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.kernel.clock import rfc3339
from khata.kernel.errors import InvalidRequest, field_problem
from khata.messaging import opt_out_queries
from khata.messaging.operations import add_opt_outs, remove_opt_out
from khata.messaging.opt_out_queries import OptOutRow

_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}", re.ASCII)


class OptOutsBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/opt-outs`."""

    to: list[str]
    reason: str = ""


class AddedOptOuts(msgspec.Struct):
    """How many of the numbers were not opted out before."""

    added: int


class OptOut(msgspec.Struct):
    """A number that nothing is sent to."""

    id: str
    to: str
    reason: str
    created_at: str


class OptOutPage(msgspec.Struct):
    data: list[OptOut]
    next_cursor: str | None


@post("/v1/opt-outs", status_code=200)
async def create_opt_outs(request: Request[Any, Any, Any]) -> Any:
    body = await read_body(request, OptOutsBody)
    return answer(await in_database_thread(partial(_create, request, body)))


@get("/v1/opt-outs")
async def list_opt_outs(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


@delete("/v1/opt-outs/{opt_out_id:str}", status_code=200)
async def delete_opt_out(request: Request[Any, Any, Any], opt_out_id: FromPath[str]) -> Any:
    """Answers with the opt-out as it was."""
    return answer(await in_database_thread(partial(_delete, request, opt_out_id)))


def _create(request: Request[Any, Any, Any], body: OptOutsBody) -> AddedOptOuts:
    caller = authenticate(request, "send")
    try:
        added = add_opt_outs(organisation_id=caller.organisation_id, recipients=body.to, reason=body.reason)
    except InvalidRequest as error:
        problems = [problem | {"field": problem["field"].replace("recipients", "to")} for problem in error.errors]
        raise InvalidRequest(problems) from error
    return AddedOptOuts(added)


def _list(request: Request[Any, Any, Any]) -> OptOutPage:
    caller = authenticate(request, "read")
    query = read_query(request, "prefix", "limit", "cursor")
    page = opt_out_queries.opt_outs(
        organisation_id=caller.organisation_id,
        prefix=_prefix(query.values.get("prefix")),
        before_id=query.before_id("opt"),
        limit=query.limit(),
    )
    return OptOutPage([_shown(row) for row in page.rows], cursor_after(page, "opt"))


def _delete(request: Request[Any, Any, Any], opt_out_id: str) -> OptOut:
    caller = authenticate(request, "send")
    id_ = uuid_in_path("opt", opt_out_id)
    row = opt_out_queries.opt_out(organisation_id=caller.organisation_id, opt_out_id=id_)
    remove_opt_out(organisation_id=caller.organisation_id, recipient=row.recipient)
    return _shown(row)


def _prefix(text: str | None) -> str:
    if text is not None and not _PREFIX.fullmatch(text):
        raise InvalidRequest([field_problem("prefix", "invalid", "A plus and 1 to 15 digits (a + is written %2B).")])
    return text or ""


def _shown(row: OptOutRow) -> OptOut:
    return OptOut(row.public_id, row.recipient, row.reason, rfc3339(row.created_at))
