"""`POST /v1/quotes`: what a message would cost now. Sends nothing."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, post

from khata.api.authentication import authenticate
from khata.api.decoding import read_body
from khata.api.message_body import MessageBody, send_request
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.kernel.credits import credits_text
from khata.ledger.queries import balance
from khata.messaging.operations import quote_message


class Quote(msgspec.Struct):
    """The price of one message, and whether the balance covers it."""

    segments: int
    encoding: str
    credits: str
    balance: str
    sufficient: bool


@post("/v1/quotes", status_code=200)
async def create_quote(request: Request[Any, Any, Any]) -> Any:
    body = await read_body(request, MessageBody)
    return answer(await in_database_thread(partial(_quote, request, body)))


def _quote(request: Request[Any, Any, Any], body: MessageBody) -> Quote:
    caller = authenticate(request, "send")
    quote = quote_message(send_request(body), organisation_id=caller.organisation_id)
    available = balance(organisation_id=caller.organisation_id).available
    return Quote(
        segments=quote.segments,
        encoding=quote.encoding,
        credits=credits_text(quote.credits_micro),
        balance=credits_text(available),
        sufficient=quote.credits_micro <= available,
    )
