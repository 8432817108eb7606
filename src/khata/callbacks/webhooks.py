"""Webhooks from the gateway: verified over their raw bytes, stored, answered within the gateway's five seconds."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from khata.billing import operations
from khata.kernel.errors import DatabaseUnavailable
from khata.payments.errors import UnknownGateway
from khata.payments.port import ForgedWebhook

BODY_BYTES_MAX = 262_144
_RETRY_AFTER_S = 30


@csrf_exempt
@require_POST
def receive(request: HttpRequest, gateway_code: str) -> HttpResponse:
    """200 once the event is stored, of whatever kind; what is not the gateway's own gets one and the same 400."""
    try:
        body = request.read(BODY_BYTES_MAX + 1)
    except UnreadablePostError:
        return _problem(HTTPStatus.BAD_REQUEST)
    if len(body) > BODY_BYTES_MAX:
        return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        operations.receive_webhook(gateway_code=gateway_code, body=body, headers=headers)
    except UnknownGateway:
        return _problem(HTTPStatus.NOT_FOUND)
    except ForgedWebhook:
        return _problem(HTTPStatus.BAD_REQUEST)
    except DatabaseUnavailable:
        # Not stored, so the gateway must send it again.
        answer = _problem(HTTPStatus.SERVICE_UNAVAILABLE)
        answer.headers["retry-after"] = str(_RETRY_AFTER_S)
        return answer
    return HttpResponse(status=HTTPStatus.OK)


def _problem(status: HTTPStatus) -> HttpResponse:
    """RFC 9457, with nothing in it that helps to guess a signature."""
    problem = {"type": "about:blank", "title": status.phrase, "status": status.value}
    return JsonResponse(problem, status=status, content_type="application/problem+json")
