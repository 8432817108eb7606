"""`GET /v1/messages` and `/v1/messages/{id}`: what became of what was sent, and cancelling it (`hot.py` sends)."""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.ids import cursor_after, uuid_in_path
from khata.api.query import Query, read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.kernel.clock import rfc3339
from khata.kernel.credits import credits_text
from khata.kernel.errors import InvalidRequest, field_problem
from khata.mail.core.addresses import NotAnAddress, read_address
from khata.messaging import mail_queries, operations, queries
from khata.messaging.configuration import home_region
from khata.messaging.core.draft import REFERENCE_LENGTH_MAX
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.recipients import NotReachable, e164
from khata.messaging.message_object import message_object

STATUSES = {status.word: status for status in MessageStatus}


class DeliveryError(msgspec.Struct):
    code: str
    detail: str


class TimelineStep(msgspec.Struct):
    event: str
    at: str
    credits: str | None
    detail: str | None


class ListedMessage(msgspec.Struct):
    """A message as lists show it."""

    id: str
    status: str
    channel: str
    to: str
    sender: str = msgspec.field(name="from")
    body: str
    segments: int
    encoding: str
    credits: str
    credits_used: str | None
    reference: str | None
    metadata: dict[str, str] | None
    error: DeliveryError | None
    created_at: str
    scheduled_at: str | None
    submitted_at: str | None
    finished_at: str | None


class AttachedFile(msgspec.Struct):
    """What was attached; its content is not kept."""

    name: str
    size: int


class MailDetail(msgspec.Struct):
    """What an e-mail has besides its text."""

    subject: str
    html: str
    attachments: list[AttachedFile]
    unsubscribe: bool


class DetailedMessage(ListedMessage):
    """A message with all that happened to it."""

    timeline: list[TimelineStep]
    email: MailDetail | None


class MessagePage(msgspec.Struct):
    data: list[ListedMessage]
    next_cursor: str | None


@get("/v1/messages/{message_id:str}")
async def read_message(request: Request[Any, Any, Any], message_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_read, request, message_id)))


@post("/v1/messages/{message_id:str}/cancel", status_code=200)
async def cancel_message(request: Request[Any, Any, Any], message_id: FromPath[str]) -> Any:
    """What still waits is not sent, and its credits return."""
    return answer(await in_database_thread(partial(_cancel, request, message_id)))


@get("/v1/messages")
async def list_messages(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


def _read(request: Request[Any, Any, Any], message_id: str) -> DetailedMessage:
    caller = authenticate(request, "read")
    return _shown(caller.organisation_id, uuid_in_path("msg", message_id))


def _cancel(request: Request[Any, Any, Any], message_id: str) -> DetailedMessage:
    organisation_id = authenticate(request, "send").organisation_id
    id_ = uuid_in_path("msg", message_id)
    operations.cancel_message(organisation_id=organisation_id, message_id=id_)
    return _shown(organisation_id, id_)


def _shown(organisation_id: int, message_id: UUID) -> DetailedMessage:
    message = queries.message(organisation_id=organisation_id, message_id=message_id)
    timeline = [_step(step) for step in message.timeline]
    email = _mail_detail(organisation_id, message_id) if message.channel == "email" else None
    return msgspec.convert({**message_object(message), "timeline": timeline, "email": email}, DetailedMessage)


def _mail_detail(organisation_id: int, message_id: UUID) -> MailDetail | None:
    shown = mail_queries.mail(organisation_id=organisation_id, message_id=message_id)
    if shown is None:
        return None
    files = [AttachedFile(name, size) for name, size in shown.files]
    return MailDetail(shown.subject, shown.html, files, shown.has_unsubscribe)


def _list(request: Request[Any, Any, Any]) -> MessagePage:
    caller = authenticate(request, "read")
    query = read_query(request, "status", "to", "reference", "created_after", "created_before", "limit", "cursor")
    page = queries.search_messages(
        organisation_id=caller.organisation_id,
        where=_filter(query),
        before_id=query.before_id("msg"),
        limit=query.limit(),
    )
    return MessagePage(
        [msgspec.convert(message_object(row), ListedMessage) for row in page.rows], cursor_after(page, "msg")
    )


def _filter(query: Query) -> queries.MessageFilter:
    return queries.MessageFilter(
        status=query.one_of("status", STATUSES),
        recipient=_recipient(query.values.get("to")),
        reference=_reference(query.values.get("reference")),
        created_after=query.instant("created_after"),
        created_before=query.instant("created_before"),
    )


def _recipient(text: str | None) -> str | None:
    try:
        if text is None or "@" in text:
            return text and read_address(text)
        return e164(text, home_region())
    except (NotReachable, NotAnAddress) as error:
        raise InvalidRequest([field_problem("to", "invalid_recipient", str(error))]) from error


def _reference(text: str | None) -> str | None:
    if text is not None and not 0 < len(text) <= REFERENCE_LENGTH_MAX:
        detail = f"A reference is 1 to {REFERENCE_LENGTH_MAX} characters."
        raise InvalidRequest([field_problem("reference", "invalid", detail)])
    return text


def _step(step: queries.TimelineStep) -> TimelineStep:
    credits = None if step.credits_micro is None else credits_text(step.credits_micro)
    return TimelineStep(step.event, rfc3339(step.at), credits, step.detail or None)
