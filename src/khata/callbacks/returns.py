"""Browsers coming back from the gateway.

They come by a cross-site POST without our cookies, so neither session nor sign-in nor CSRF token can be asked for, and
nothing they bring is believed: our own address names the top-up, and the gateway is asked what is true.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from khata.billing import operations, queries
from khata.kernel.errors import NotFound
from khata.kernel.ids import NotAnId, public_id, uuid_from_public

logger = logging.getLogger(__name__)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def return_from_gateway(request: HttpRequest, gateway_code: str, top_up_id: str) -> HttpResponseBase:
    """Settles at once, so that the page shown next already tells the truth."""
    own_id = _own_id(top_up_id)
    return _then_payment_page(own_id, lambda: operations.settle_after_return(top_up_id=own_id, fields=_fields(request)))


@never_cache
@require_safe
def cancel_at_gateway(request: HttpRequest, gateway_code: str, top_up_id: str) -> HttpResponseBase:
    """Whoever can name the top-up holds its payer's link; cancelling is safe besides, since a payment still counts."""
    own_id = _own_id(top_up_id)
    return _then_payment_page(own_id, lambda: _cancel(own_id))


def _cancel(top_up_id: UUID) -> None:
    top_up = queries.top_up_for_anyone(top_up_id=top_up_id)
    operations.cancel_top_up(organisation_id=top_up.organisation_id, top_up_id=top_up_id)


def _own_id(text: str) -> UUID:
    try:
        return uuid_from_public("top", text)
    except NotAnId as error:
        raise Http404 from error


def _then_payment_page(top_up_id: UUID, work: Callable[[], object]) -> HttpResponse:
    """Whatever fails here is done later by the poller: a payer who has just paid is shown the page, not an error."""
    try:
        work()
    except NotFound as error:
        raise Http404 from error
    except Exception:
        logger.exception("top-up %s: not settled on return", public_id("top", top_up_id))
    location = f"/billing/payments/{public_id('top', top_up_id)}/"
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"location": location})


def _fields(request: HttpRequest) -> dict[str, str]:
    """What came with the address or in the form; {} for a form that cannot be read: it decides nothing anyway."""
    try:
        return {name: str(value) for brought in (request.GET, request.POST) for name, value in brought.items()}
    except (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError):
        return {}
