"""`POST /v1/messages`, the one call that is made thousands of times a second, spoken to ASGI directly.

The framework's routing, request and response objects would cost about as much as all that Khata itself does to accept
a message (docs/decisions/0014-hot-route.md). What is refused goes the framework's way and shares its problem documents.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.types import ASGIApp, HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

from khata.api.decoding import BODY_SIZE_MAX, decode, read_idempotency_key
from khata.api.errors import BodyTooLarge, MalformedRequest, UnsupportedMediaType
from khata.api.message_body import MessageBody, send_request
from khata.api.problems import refuse, refuse_unexpected
from khata.api.threads import in_database_thread
from khata.api.way_out import with_way_out
from khata.api.wire import instant
from khata.api.writer import acceptance_writer, note_use
from khata.kernel.credits import credits_text
from khata.kernel.errors import KhataError
from khata.kernel.facts import note
from khata.ledger.operations import InsufficientCredits
from khata.messaging.operations import Acceptance, Accepted
from khata.tenancy.operations import InvalidApiKey, api_key_digest, is_well_formed

PATH = "/v1/messages"

_JSON_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_encode = msgspec.json.Encoder().encode

_Headers = defaultdict[bytes, list[bytes]]


class SentBody(msgspec.Struct):
    """The answer to it."""

    id: str
    status: str
    channel: str
    to: str
    segments: int
    encoding: str
    credits: str
    balance: str
    created_at: str | None


async def create_message(scope: Scope, receive: Receive, send: Send) -> None:
    """Accepts one message: 202 only once its credits are durably held."""
    try:
        accepted = await _accept(scope, receive)
    except InsufficientCredits as error:
        await _send_refusal(refuse, await in_database_thread(partial(with_way_out, error)), scope, receive, send)
    except KhataError as error:
        await _send_refusal(refuse, error, scope, receive, send)
    except Exception as error:
        await _send_refusal(refuse_unexpected, error, scope, receive, send)
    else:
        await _send_answer(accepted, send)


@post(PATH, status_code=202)
async def send_message(request: Request[Any, Any, Any]) -> ASGIApp:
    """The same for the framework: its routes, `Allow` headers and documents know the call by this."""
    return create_message


async def _accept(scope: Scope, receive: Receive) -> Accepted:
    headers = _by_name(scope["headers"])
    authorizations = headers[b"authorization"]
    if len(authorizations) != 1:
        raise InvalidApiKey
    digest = _digest_of(authorizations[0])
    body = decode(await _body(headers, receive), MessageBody)
    acceptance = Acceptance(
        send_request(body),
        api_key_digest=digest,
        idempotency_key=read_idempotency_key([v.decode("latin-1") for v in headers[b"idempotency-key"]]),
    )
    try:
        accepted = await acceptance_writer().submit(acceptance)
    except InsufficientCredits:
        note_use(digest, scope["client"])
        raise
    note_use(digest, scope["client"])
    return accepted


@lru_cache(maxsize=4_096)
def _digest_of(authorization: bytes) -> bytes:
    """Of the text alone: whether such a key lives is asked of the database in every batch. Raises InvalidApiKey."""
    kind, _, text = authorization.decode("latin-1").partition(" ")
    if kind.lower() != "bearer" or not is_well_formed(text.strip()):
        raise InvalidApiKey
    return api_key_digest(text.strip())


async def _body(headers: _Headers, receive: Receive) -> bytes:
    """Raises MalformedRequest, BodyTooLarge, UnsupportedMediaType."""
    declared = b"".join(headers[b"content-length"]) or b"0"
    if not declared.isdigit():
        raise MalformedRequest
    if int(declared) > BODY_SIZE_MAX:
        raise BodyTooLarge
    kind = b"".join(headers[b"content-type"]).partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise UnsupportedMediaType
    received = bytearray()
    while True:
        event: Any = await receive()
        received += event.get("body", b"")
        if len(received) > BODY_SIZE_MAX:
            raise BodyTooLarge
        if not event.get("more_body"):
            return bytes(received)


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> _Headers:
    found: _Headers = defaultdict(list)
    for name, value in headers:
        found[name].append(value)
    return found


async def _send_answer(accepted: Accepted, send: Send) -> None:
    sent = accepted.sent
    id_ = sent.public_id
    note(message_id=id_)
    headers = [*_JSON_HEADERS, (b"location", f"{PATH}/{id_}".encode())]
    if accepted.is_replayed:
        headers.append((b"idempotent-replayed", b"true"))
    body = SentBody(
        id_,
        sent.status.word,
        sent.channel,
        sent.recipient,
        sent.segments,
        sent.encoding,
        credits_text(sent.credits_micro),
        credits_text(sent.balance_micro),
        instant(sent.accepted_at),
    )
    start: HTTPResponseStartEvent = {"type": "http.response.start", "status": 202, "headers": headers}
    await send(start)
    end: HTTPResponseBodyEvent = {"type": "http.response.body", "body": _encode(body), "more_body": False}
    await send(end)


async def _send_refusal(refusal: Any, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    response: Response[bytes] = refusal(request, error)
    await response.to_asgi_response(None, request)(scope, receive, send)
