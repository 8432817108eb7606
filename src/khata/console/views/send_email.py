"""Send e-mail: one to each address, all or none."""

from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from khata.console.access import member_page
from khata.console.mail_forms import EmailForm
from khata.console.requests import MemberRequest
from khata.console.sending import Shortage, kept_draft, send, sent_before
from khata.mail import queries as mail
from khata.messaging.operations import MailParts, SendRequest
from khata.messaging.operations.registered_templates import plain_text
from khata.pricing.queries import rate_card


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: MemberRequest) -> HttpResponse:
    """A draft that lacked credits waits in the session until it is sent."""
    if request.method != "POST":
        return _draw(request, EmailForm(initial={"sender": _sender(request)} | kept_draft(request, EmailForm)))
    form = EmailForm(request.POST)
    return _send(request, form) if form.is_valid() else _draw(request, form, status=422)


def _send(request: MemberRequest, form: EmailForm) -> HttpResponse:
    if before := sent_before(request, form):
        return redirect(before)
    written = form.cleaned_data
    text, sender, at = plain_text(written["body"]), written["sender"], written["scheduled_at"]
    parts = MailParts(written["subject"], written["html"], has_unsubscribe=written["has_unsubscribe"])
    requests = [SendRequest(to, text, sender, "email", mail=parts, scheduled_at=at) for to in form.addresses()]
    answer = send(request, form, requests)
    if isinstance(answer, HttpResponse):
        return answer
    return _draw(request, form, status=402 if answer else 422, shortage=answer)


def _draw(request: MemberRequest, form: EmailForm, status: int = 200, shortage: Shortage | None = None) -> HttpResponse:
    rate = rate_card().rate_for("email")
    shown = {
        "form": form,
        "token": form["token"].value() or uuid4().hex,
        "has_domain": any(domain.is_verified for domain in mail.domains(organisation_id=request.organisation.id)),
        "each_micro": rate.credits_micro if rate else 0,
        "shortage": shortage,
    }
    return render(request, "console/send/email.html", shown, status=status)


def _sender(request: MemberRequest) -> str:
    """Its name and its default address; "" where no domain is verified."""
    address = mail.default_sender(organisation_id=request.organisation.id)
    return f"{request.organisation.name} <{address}>" if address else ""
