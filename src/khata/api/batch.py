"""`POST /v1/messages/batch`: up to 10,000 messages in one request, in one commit."""

from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, post

from khata.api.authentication import authenticate
from khata.api.decoding import decode_chosen, idempotency_key, receive_body
from khata.api.message_body import Instant, MessageBody, send_request
from khata.api.threads import in_database_thread
from khata.api.way_out import with_way_out
from khata.api.wire import answer
from khata.kernel.credits import credits_text
from khata.kernel.errors import InvalidRequest, field_problem
from khata.kernel.ids import public_id
from khata.ledger.operations import InsufficientCredits
from khata.messaging.operations import BATCH_COUNT_MAX, RefusedItem, SendRequest, SentBatch, send_batch

BATCH_SIZE_MAX = 8 * 1_048_576


class BatchBody(msgspec.Struct, forbid_unknown_fields=True):
    """Different messages."""

    messages: Annotated[list[MessageBody], msgspec.Meta(extra_json_schema={"minItems": 1, "maxItems": BATCH_COUNT_MAX})]
    all_or_nothing: bool = False


class BroadcastBody(msgspec.Struct, forbid_unknown_fields=True):
    """One message to many."""

    to: Annotated[list[str], msgspec.Meta(extra_json_schema={"minItems": 1, "maxItems": BATCH_COUNT_MAX})]
    body: str
    channel: Literal["sms"] = "sms"
    sender: str | None = msgspec.field(name="from", default=None)
    reference: str | None = None
    metadata: dict[str, str] | None = None
    template: str | None = None
    scheduled_at: Instant | None = None
    all_or_nothing: bool = False


class BatchResult(msgspec.Struct, omit_defaults=True):
    """Of one message: its id, or why it was refused."""

    id: str | msgspec.UnsetType = msgspec.UNSET
    code: str | msgspec.UnsetType = msgspec.UNSET
    detail: str | msgspec.UnsetType = msgspec.UNSET


_EITHER: dict[str, Any] = {"oneOf": [{"required": ["id"]}, {"required": ["code", "detail"]}]}
_EitherResult = Annotated[BatchResult, msgspec.Meta(extra_json_schema=_EITHER)]


class Batch(msgspec.Struct):
    """An answer for each message, and what all of them cost."""

    accepted: int
    refused: int
    credits: str
    balance: str
    results: list[_EitherResult]


@post("/v1/messages/batch", status_code=202)
async def create_batch(request: Request[Any, Any, Any]) -> Any:
    """Accepts what can be accepted: 202 only once its credits are durably held."""
    key = idempotency_key(request, is_required=False)
    body = await receive_body(request, size_max=BATCH_SIZE_MAX)
    sent = await in_database_thread(partial(_send, request, body, key))
    headers = {"Idempotent-Replayed": "true"} if sent.is_replayed else None
    return answer(_shown(sent), status=202, headers=headers)


def _send(request: Request[Any, Any, Any], body: bytes, key: str | None) -> SentBatch:
    """Megabytes are decoded here, off the event loop, and only for who may send."""
    caller = authenticate(request, "send")
    batch: BatchBody | BroadcastBody = decode_chosen(body, _shape)
    try:
        return send_batch(
            organisation_id=caller.organisation_id,
            requests=_requests(batch),
            is_all_or_nothing=batch.all_or_nothing,
            api_key_id=caller.api_key_id,
            idempotency_key=key,
        )
    except InsufficientCredits as error:
        raise with_way_out(error) from error


def _shape(document: dict[str, Any]) -> type[BatchBody] | type[BroadcastBody]:
    return BatchBody if "messages" in document else BroadcastBody


def _requests(batch: BatchBody | BroadcastBody) -> list[SendRequest]:
    if isinstance(batch, BatchBody):
        _check_count("messages", len(batch.messages))
        return [send_request(message) for message in batch.messages]
    _check_count("to", len(batch.to))
    return [
        SendRequest(
            recipient,
            batch.body,
            batch.sender,
            batch.channel,
            batch.reference,
            batch.metadata,
            batch.template,
            scheduled_at=batch.scheduled_at,
        )
        for recipient in batch.to
    ]


def _check_count(field: str, count: int) -> None:
    if not 0 < count <= BATCH_COUNT_MAX:
        raise InvalidRequest([field_problem(field, "out_of_range", f"A batch has 1 to {BATCH_COUNT_MAX:,} messages.")])


def _shown(sent: SentBatch) -> Batch:
    accepted = sent.accepted_count
    return Batch(
        accepted=accepted,
        refused=len(sent.results) - accepted,
        credits=credits_text(sent.credits_micro),
        balance=credits_text(sent.balance_micro),
        results=[
            BatchResult(code=result.code, detail=result.detail)
            if isinstance(result, RefusedItem)
            else BatchResult(id=public_id("msg", result))
            for result in sent.results
        ],
    )
