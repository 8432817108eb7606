"""`/v1/messages`: send one, read one."""

from functools import partial
from typing import Any

from litestar import Request, get
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.threads import in_database_thread
from khata.api.wire import answer, instant
from khata.kernel.credits import credits_text
from khata.kernel.errors import NotFound
from khata.kernel.ids import NotAnId, uuid_from_public
from khata.messaging import queries


@get("/v1/messages/{message_id:str}")
async def read_message(request: Request[Any, Any, Any], message_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_read, request, message_id)))


def _read(request: Request[Any, Any, Any], message_id: str) -> dict[str, Any]:
    caller = authenticate(request, "read")
    try:
        id_ = uuid_from_public("msg", message_id)
    except NotAnId as error:
        raise NotFound from error
    return _detail_json(queries.message(organisation_id=caller.organisation_id, message_id=id_))


def _detail_json(message: queries.MessageDetail) -> dict[str, Any]:
    used = message.credits_captured_micro
    return {
        "id": message.public_id,
        "status": message.status.word,
        "channel": message.channel,
        "to": message.recipient,
        "from": message.sender,
        "body": message.body,
        "segments": message.segments,
        "encoding": message.encoding,
        "credits": credits_text(message.credits_micro),
        "credits_used": None if used is None else credits_text(used),
        "reference": message.reference,
        "metadata": message.metadata,
        "error": {"code": message.error_code, "detail": message.error_detail} if message.error_code else None,
        "created_at": instant(message.accepted_at),
        "submitted_at": instant(message.submitted_at),
        "finished_at": instant(message.finished_at),
        "timeline": [_step_json(step) for step in message.timeline],
    }


def _step_json(step: queries.TimelineStep) -> dict[str, Any]:
    credits = None if step.credits_micro is None else credits_text(step.credits_micro)
    return {"event": step.event, "at": instant(step.at), "credits": credits, "detail": step.detail or None}
