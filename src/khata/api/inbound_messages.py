"""`/v1/inbound-messages`: what phones have sent to the organisation's numbers."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.ids import cursor_after, uuid_in_path
from khata.api.query import read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.messaging import inbound_queries
from khata.messaging.configuration import home_region
from khata.messaging.core.recipients import NotReachable, e164
from khata.messaging.message_object import inbound_object


class InboundMessage(msgspec.Struct):
    """A message from a phone."""

    id: str
    sender: str = msgspec.field(name="from")
    to: str
    body: str
    keyword: str | None
    received_at: str


class InboundMessagePage(msgspec.Struct):
    data: list[InboundMessage]
    next_cursor: str | None


@get("/v1/inbound-messages/{inbound_message_id:str}")
async def read_inbound_message(request: Request[Any, Any, Any], inbound_message_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_read, request, inbound_message_id)))


@get("/v1/inbound-messages")
async def list_inbound_messages(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


def _read(request: Request[Any, Any, Any], inbound_message_id: str) -> InboundMessage:
    caller = authenticate(request, "read")
    id_ = uuid_in_path("inb", inbound_message_id)
    row = inbound_queries.inbound_message(organisation_id=caller.organisation_id, inbound_id=id_)
    return msgspec.convert(inbound_object(row), InboundMessage)


def _list(request: Request[Any, Any, Any]) -> InboundMessagePage:
    caller = authenticate(request, "read")
    query = read_query(request, "from", "limit", "cursor")
    page = inbound_queries.inbound_messages(
        organisation_id=caller.organisation_id,
        sender=_phone(query.values.get("from")),
        before_id=query.before_id("inb"),
        limit=query.limit(),
    )
    return InboundMessagePage(
        [msgspec.convert(inbound_object(row), InboundMessage) for row in page.rows], cursor_after(page, "inb")
    )


def _phone(text: str | None) -> str | None:
    """Phones that are no numbers, short codes say, are kept as they came."""
    try:
        return None if text is None else e164(text, home_region())
    except NotReachable:
        return text
