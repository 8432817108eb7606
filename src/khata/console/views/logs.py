"""Logs: the list of messages, and one message with everything that happened to it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from khata.console.access import member_page
from khata.console.message_words import BADGES, message_sentence
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.kernel.pages import PAGE_SIZE_DEFAULT
from khata.messaging import mail_queries
from khata.messaging import queries as messaging
from khata.messaging.core.life import MessageStatus


@member_page
@require_safe
def messages(request: MemberRequest) -> HttpResponse:
    walk = pager(request.GET)
    status = _status(request.GET.get("status", ""))
    found = messaging.messages(
        organisation_id=request.organisation.id, limit=PAGE_SIZE_DEFAULT, before_id=walk.before_id, status=status
    )
    shown = {
        "rows": found.rows,
        "statuses": [(each.word, BADGES[each].word) for each in MessageStatus],
        "status": status.word if status else "",
        "is_open": walk.before is None and any(not row.status.is_final for row in found.rows),
        "older": walk.older(found.next_cursor),
        "newer": walk.newer,
    }
    return render(request, "console/logs/messages.html", shown)


@member_page
@require_safe
def message(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """Looks again by itself until the message is final and its credits are settled; rarely while it is scheduled."""
    found = messaging.message(organisation_id=request.organisation.id, message_id=message_id)
    is_open = not found.status.is_final or found.settled_at is None
    mail = None
    if found.channel == "email":
        mail = mail_queries.mail(organisation_id=request.organisation.id, message_id=message_id)
    shown = {
        "message": found,
        "mail": mail,
        "sentence": message_sentence(found),
        "is_open": is_open,
        "is_scheduled": found.status is MessageStatus.SCHEDULED,
    }
    if not request.htmx:
        return render(request, "console/logs/message.html", shown)
    response = render(request, "console/logs/_message.html", shown)
    if not is_open:
        response["HX-Refresh"] = "true"
    return response


def _status(word: str) -> MessageStatus | None:
    return next((status for status in MessageStatus if status.word == word), None)
