"""Carriers calling on us: what became of messages, and messages from phones. Read by the carrier's driver, stored,
answered."""

import logging
from http import HTTPStatus
from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from khata.callbacks.calls import come_again, lower_headers, problem, read_body
from khata.carriers.callbacks import Callback, CallbackKind, ForgedCallback, callback_reader
from khata.carriers.errors import UnknownCarrier
from khata.kernel.errors import DatabaseUnavailable
from khata.messaging.operations import settle_news

logger = logging.getLogger(__name__)

BODY_BYTES_MAX = 1_048_576
"""Mail services tell of hundreds of mails at once."""


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, carrier: str, kind: CallbackKind, secret: str = "") -> HttpResponse:
    """The carrier's own kind of yes once what it told is stored; what is not its own gets one and the same 400."""
    body = read_body(request, bytes_max=BODY_BYTES_MAX)
    if isinstance(body, HttpResponse):
        return body
    try:
        reader = callback_reader(carrier)
        settle_news(reader.read_callback(_callback(request, kind, secret, body)))
    except UnknownCarrier:
        return problem(HTTPStatus.NOT_FOUND)
    except ForgedCallback:
        logger.warning("%s: a callback was not believed", carrier)
        return problem(HTTPStatus.BAD_REQUEST)
    except DatabaseUnavailable:
        return come_again()
    reply = reader.reply(kind)
    return HttpResponse(reply.body, content_type=f"{reply.content_type}; charset=utf-8")


def _callback(request: HttpRequest, kind: CallbackKind, secret: str, body: bytes) -> Callback:
    method: Literal["GET", "POST"] = "POST" if request.method == "POST" else "GET"
    return Callback(
        kind=kind,
        method=method,
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        body=body,
        headers=lower_headers(request),
        secret=secret,
    )
