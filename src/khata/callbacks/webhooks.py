"""Webhooks from the gateway: verified over their raw bytes, stored, answered within the gateway's five seconds."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from khata.billing import operations
from khata.callbacks.calls import come_again, lower_headers, problem, read_body
from khata.kernel.errors import DatabaseUnavailable
from khata.payments.errors import UnknownGateway
from khata.payments.port import ForgedWebhook


@csrf_exempt
@require_POST
def receive(request: HttpRequest, gateway_code: str) -> HttpResponse:
    """200 once the event is stored, of whatever kind; what is not the gateway's own gets one and the same 400."""
    body = read_body(request)
    if isinstance(body, HttpResponse):
        return body
    try:
        operations.receive_webhook(gateway_code=gateway_code, body=body, headers=lower_headers(request))
    except UnknownGateway:
        return problem(HTTPStatus.NOT_FOUND)
    except ForgedWebhook:
        return problem(HTTPStatus.BAD_REQUEST)
    except DatabaseUnavailable:
        return come_again()
    return HttpResponse(status=HTTPStatus.OK)
