"""`/v1/suppressions`: addresses no e-mail is sent to. List them, take one off again by its id.

An address never stands in a path, which logs and histories keep.
"""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, delete, get
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.ids import cursor_after, uuid_in_path
from khata.api.query import read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.kernel.clock import rfc3339
from khata.kernel.ids import public_id
from khata.mail import operations, queries


class Suppression(msgspec.Struct):
    """An address no e-mail is sent to, and why."""

    id: str
    address: str
    reason: str
    detail: str
    message_id: str | None
    created_at: str


class SuppressionPage(msgspec.Struct):
    data: list[Suppression]
    next_cursor: str | None


@get("/v1/suppressions")
async def list_suppressions(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


@delete("/v1/suppressions/{suppression_id:str}", status_code=200)
async def delete_suppression(request: Request[Any, Any, Any], suppression_id: FromPath[str]) -> Any:
    """Answers with the suppression as it was."""
    return answer(await in_database_thread(partial(_delete, request, suppression_id)))


def _list(request: Request[Any, Any, Any]) -> SuppressionPage:
    caller = authenticate(request, "read")
    query = read_query(request, "limit", "cursor")
    page = queries.suppressions(
        organisation_id=caller.organisation_id,
        before_id=query.before_id("sup"),
        limit=query.limit(),
    )
    return SuppressionPage([_shown(row) for row in page.rows], cursor_after(page, "sup"))


def _delete(request: Request[Any, Any, Any], text: str) -> Suppression:
    organisation_id = authenticate(request, "send").organisation_id
    suppression_id = uuid_in_path("sup", text)
    found = queries.suppression(organisation_id=organisation_id, suppression_id=suppression_id)
    operations.lift_suppression(organisation_id=organisation_id, suppression_id=suppression_id)
    return _shown(found)


def _shown(row: queries.SuppressedAddress) -> Suppression:
    return Suppression(
        id=row.public_id,
        address=row.address,
        reason=row.reason.value,
        detail=row.detail,
        message_id=None if row.message_id is None else public_id("msg", row.message_id),
        created_at=rfc3339(row.created_at),
    )
