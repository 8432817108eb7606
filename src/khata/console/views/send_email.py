"""Send e-mail: one to each address, all or none."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from khata.console.access import member_page
from khata.console.mail_forms import EmailForm
from khata.console.requests import MemberRequest
from khata.console.words import plural
from khata.kernel.errors import KhataError
from khata.ledger.errors import InsufficientCredits
from khata.mail import queries as mail
from khata.messaging import operations as messaging
from khata.messaging.operations import MailParts, SendRequest, SentMessage
from khata.pricing.queries import credit_price, rate_card

_FIELDS = {"to": "recipients", "from": "sender"}
_TOKENS = "email_tokens"
_DRAFT = "email_draft"
_TOKENS_KEPT = 20


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: MemberRequest) -> HttpResponse:
    """A draft that lacked credits waits in the session until it is sent."""
    if request.method != "POST":
        return _draw(request, EmailForm(initial={"sender": _sender(request)} | request.session.get(_DRAFT, {})))
    form = EmailForm(request.POST)
    return _send(request, form) if form.is_valid() else _draw(request, form, status=422)


def _send(request: MemberRequest, form: EmailForm) -> HttpResponse:
    token = form.cleaned_data["token"]
    if sent_before := request.session.get(_TOKENS, {}).get(token):
        return redirect(sent_before)
    written = form.cleaned_data
    parts = MailParts(written["subject"], written["html"], has_unsubscribe=written["has_unsubscribe"])
    answers = messaging.send_messages(
        organisation_id=request.organisation.id,
        requests=[
            SendRequest(to, written["body"].replace("\r\n", "\n"), written["sender"], "email", mail=parts)
            for to in form.addresses()
        ],
        is_all_or_nothing=True,
        member_id=request.user.id,
    )
    refusals = [answer for answer in answers if isinstance(answer, KhataError)]
    if refusals:
        return _refused(request, form, refusals)
    return _sent(request, token, [answer for answer in answers if isinstance(answer, SentMessage)])


def _sent(request: MemberRequest, token: str, sent: list[SentMessage]) -> HttpResponse:
    address = reverse("message", args=[sent[0].id]) if len(sent) == 1 else reverse("logs")
    if len(sent) > 1:
        messages.success(request, f"{plural(len(sent), 'e-mail', 'e-mails')} accepted.")
    request.session.pop(_DRAFT, None)
    if token:
        kept = list(request.session.get(_TOKENS, {}).items())[1 - _TOKENS_KEPT :]
        request.session[_TOKENS] = {**dict(kept), token: address}
    return redirect(address)


def _refused(request: MemberRequest, form: EmailForm, refusals: list[KhataError]) -> HttpResponse:
    shortage = next((refusal for refusal in refusals if isinstance(refusal, InsufficientCredits)), None)
    if shortage is not None:
        request.session[_DRAFT] = form.draft()
        return _draw(request, form, status=402, shortage=shortage)
    problems = [
        problem
        for refusal in refusals
        for problem in refusal.extra.get("errors") or [{"field": "", "detail": refusal.detail}]
    ]
    for name, detail in dict.fromkeys((_FIELDS.get(each["field"], each["field"]), each["detail"]) for each in problems):
        form.add_error(name if name in form.fields else None, detail)
    return _draw(request, form, status=422)


def _draw(
    request: MemberRequest, form: EmailForm, status: int = 200, shortage: InsufficientCredits | None = None
) -> HttpResponse:
    rate = rate_card().rate_for("email")
    shown = {
        "form": form,
        "token": form["token"].value() or uuid4().hex,
        "has_domain": any(domain.is_verified for domain in mail.domains(organisation_id=request.organisation.id)),
        "each_micro": rate.credits_micro if rate else 0,
        **_shortage(shortage),
    }
    return render(request, "console/send/email.html", shown, status=status)


def _shortage(refusal: InsufficientCredits | None) -> dict[str, int]:
    if refusal is None:
        return {}
    required, have = refusal.extra["required_micro"], refusal.extra["balance_micro"]
    price = credit_price()
    amount_minor = max(price.minimum_minor, price.amount_for(required - have))
    return {"required_micro": required, "have_micro": have, "amount_rupees": amount_minor // 100}


def _sender(request: MemberRequest) -> str:
    """Its name and its default address; "" where no domain is verified."""
    address = mail.default_sender(organisation_id=request.organisation.id)
    return f"{request.organisation.name} <{address}>" if address else ""
