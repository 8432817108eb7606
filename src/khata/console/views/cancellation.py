"""Cancelling a message that waits."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from khata.console.access import member_page
from khata.console.requests import MemberRequest
from khata.console.words import credits_are
from khata.messaging import operations, queries
from khata.messaging.errors import MessageUnderWay


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """Asks first: it cannot be undone."""
    found = queries.message(organisation_id=request.organisation.id, message_id=message_id)
    if request.method == "POST":
        return _cancel(request, found)
    if not found.may_be_cancelled:
        return redirect("message", found.id)
    return render(request, "console/logs/message_cancel.html", {"message": found})


def _cancel(request: MemberRequest, message: queries.MessageDetail) -> HttpResponse:
    try:
        operations.cancel_message(organisation_id=request.organisation.id, message_id=message.id)
    except MessageUnderWay as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, f"The message is cancelled. {credits_are(message.credits_micro)} returned.")
    return redirect("message", message.id)
