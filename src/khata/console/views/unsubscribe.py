"""Where the unsubscribe link of an e-mail leads. Its reader is nobody we know: no sign-in, no session, no CSRF token.

A mail program presses it by one POST (RFC 8058); a person sees a page with a button. To look changes nothing: links
are followed by scanners, too.
"""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from khata.kernel.errors import DatabaseUnavailable
from khata.messaging import operations as messaging

_RETRY_AFTER_S = 30


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, ref: str) -> HttpResponse:
    """404 for what is no link of ours."""
    is_done = request.method == "POST"
    try:
        address = messaging.unsubscribe(ref) if is_done else messaging.recipient_of(ref)
    except DatabaseUnavailable:
        headers = {"retry-after": str(_RETRY_AFTER_S)}
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
    if address is None:
        raise Http404
    return render(request, "console/unsubscribe.html", {"address": address, "is_done": is_done})
