"""`/v1/messages`: send one, read one."""

from functools import partial
from typing import Any, Literal

import msgspec
from django.conf import settings
from litestar import Request, get, post
from litestar.params import FromPath

from khata.api.authentication import authenticate, bearer_digest
from khata.api.decoding import idempotency_key, read_body
from khata.api.threads import in_database_thread
from khata.api.wire import answer, instant
from khata.api.writer import acceptance_writer
from khata.kernel.credits import credits_text
from khata.kernel.errors import NotFound
from khata.kernel.ids import NotAnId, uuid_from_public
from khata.kernel.money import RUPEE_MINOR
from khata.ledger.operations import InsufficientCredits
from khata.messaging import queries
from khata.messaging.operations import Acceptance, SendRequest, SentMessage
from khata.pricing.queries import credit_price


class MessageBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/messages`."""

    to: str
    body: str
    channel: Literal["sms"] = "sms"
    sender: str | None = msgspec.field(name="from", default=None)
    reference: str | None = None
    metadata: dict[str, str] | None = None


@post("/v1/messages", status_code=202)
async def create_message(request: Request[Any, Any, Any]) -> Any:
    """Accepts one message: 202 only once its credits are durably held."""
    digest = bearer_digest(request)
    body = await read_body(request, MessageBody)
    acceptance = Acceptance(
        SendRequest(body.to, body.body, body.sender, body.channel, body.reference, body.metadata),
        api_key_digest=digest,
        idempotency_key=idempotency_key(request, is_required=False),
    )
    try:
        accepted = await acceptance_writer().submit(acceptance)
    except InsufficientCredits as error:
        raise await in_database_thread(partial(_with_way_out, error)) from error
    headers = {"Location": f"/v1/messages/{accepted.sent.public_id}"}
    if accepted.is_replayed:
        headers["Idempotent-Replayed"] = "true"
    return answer(_sent_json(accepted.sent), status=202, headers=headers)


@get("/v1/messages/{message_id:str}")
async def read_message(request: Request[Any, Any, Any], message_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_read, request, message_id)))


def _with_way_out(error: InsufficientCredits) -> InsufficientCredits:
    """The refusal leads to Add Credits, with an amount filled in that covers what is missing."""
    missing = error.extra["required_micro"] - error.extra["balance_micro"]
    price = credit_price()
    rupees = max(price.amount_for(missing), price.minimum_minor) // RUPEE_MINOR
    return InsufficientCredits(
        **error.extra, top_up_url=f"{settings.ENVIRONMENT.base_url}/billing/add-credits/?amount={rupees}"
    )


def _read(request: Request[Any, Any, Any], message_id: str) -> dict[str, Any]:
    caller = authenticate(request, "read")
    try:
        id_ = uuid_from_public("msg", message_id)
    except NotAnId as error:
        raise NotFound from error
    return _detail_json(queries.message(organisation_id=caller.organisation_id, message_id=id_))


def _sent_json(sent: SentMessage) -> dict[str, Any]:
    return {
        "id": sent.public_id,
        "status": sent.status.word,
        "channel": sent.channel,
        "to": sent.recipient,
        "segments": sent.segments,
        "encoding": sent.encoding,
        "credits": credits_text(sent.credits_micro),
        "balance": credits_text(sent.balance_micro),
        "created_at": instant(sent.accepted_at),
    }


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
