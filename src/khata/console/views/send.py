"""Send SMS: what it costs while it is written, and the sending."""

import re
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from khata.console.access import member_page
from khata.console.forms import SmsForm
from khata.console.requests import MemberRequest
from khata.console.words import plural
from khata.kernel.errors import KhataError
from khata.ledger.errors import InsufficientCredits
from khata.ledger.queries import balance
from khata.messaging import operations as messaging
from khata.messaging import queries as messaging_queries
from khata.messaging.operations import SendRequest, SentMessage
from khata.messaging.queries import SendQuote
from khata.pricing.queries import credit_price

RECIPIENTS_MAX = 1_000
_INVALID_NAMED = 5
_BETWEEN_RECIPIENTS = re.compile(r"[,;\n]|\s+(?=\+)")
_FIELDS = {"to": "recipients", "from": "sender"}
_DRAFT = "sms_draft"
_TOKENS = "sms_tokens"
_TOKENS_KEPT = 20


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sms(request: MemberRequest) -> HttpResponse:
    """A draft that lacked credits waits in the session until it is sent."""
    if request.method != "POST":
        return _draw(request, SmsForm(initial=request.session.get(_DRAFT, {})))
    form = SmsForm(request.POST)
    if not form.is_valid():
        return _draw(request, form, status=422)
    if request.POST.get("action") == "preview":
        return _draw(request, form)
    return _send(request, form)


@member_page
@require_POST
def quote(request: MemberRequest) -> HttpResponse:
    return render(request, "console/send/_quote.html", _cost(request, request.POST))


def _send(request: MemberRequest, form: SmsForm) -> HttpResponse:
    token = form.cleaned_data["token"]
    if sent_before := request.session.get(_TOKENS, {}).get(token):
        return redirect(sent_before)
    text = _text(form.cleaned_data["body"])
    quote = messaging_queries.price(recipients=recipients_in(form.cleaned_data["recipients"]), body=text)
    if problem := _recipient_problem(quote):
        form.add_error("recipients", problem)
        return _draw(request, form, status=422)
    answers = messaging.send_messages(
        organisation_id=request.organisation.id,
        requests=[SendRequest(number, text, form.cleaned_data["sender"] or None) for number in quote.recipients],
        is_all_or_nothing=True,
        member_id=request.user.id,
    )
    refusals = [answer for answer in answers if isinstance(answer, KhataError)]
    if refusals:
        return _refused(request, form, refusals)
    return _sent(request, token, [answer for answer in answers if isinstance(answer, SentMessage)])


def _recipient_problem(quote: SendQuote) -> str:
    """What is wrong with the list of numbers; "" where nothing is."""
    if quote.recipients_invalid:
        return f"Not a number we can reach: {', '.join(quote.recipients_invalid[:_INVALID_NAMED])}."
    if len(quote.recipients) > RECIPIENTS_MAX:
        return f"At most {RECIPIENTS_MAX:,} numbers at once."
    return "" if quote.recipients else "Enter at least one number."


def _sent(request: MemberRequest, token: str, sent: list[SentMessage]) -> HttpResponse:
    address = reverse("message", args=[sent[0].id]) if len(sent) == 1 else reverse("logs")
    if len(sent) > 1:
        messages.success(request, f"{plural(len(sent), 'message', 'messages')} accepted.")
    request.session.pop(_DRAFT, None)
    if token:
        kept = list(request.session.get(_TOKENS, {}).items())[1 - _TOKENS_KEPT :]
        request.session[_TOKENS] = {**dict(kept), token: address}
    return redirect(address)


def _refused(request: MemberRequest, form: SmsForm, refusals: list[KhataError]) -> HttpResponse:
    shortage = next((refusal for refusal in refusals if isinstance(refusal, InsufficientCredits)), None)
    if shortage is not None:
        request.session[_DRAFT] = {name: form.cleaned_data[name] for name in ("recipients", "sender", "body")}
        return _draw(request, form, status=402, shortage=shortage)
    for refusal in refusals:
        _add_refusal(form, refusal)
    return _draw(request, form, status=422)


def _add_refusal(form: SmsForm, refusal: KhataError) -> None:
    problems = refusal.extra.get("errors") or [{"field": "", "detail": refusal.detail}]
    for problem in problems:
        name = _FIELDS.get(problem["field"], problem["field"])
        field = name if name in form.fields else None
        if problem["detail"] not in form.errors.get(field or "__all__", []):
            form.add_error(field, problem["detail"])


def _draw(
    request: MemberRequest, form: SmsForm, status: int = 200, shortage: InsufficientCredits | None = None
) -> HttpResponse:
    told = {name: form[name].value() or "" for name in ("recipients", "body")}
    shown = {"form": form, "token": form["token"].value() or uuid4().hex, **_cost(request, told), **_shortage(shortage)}
    return render(request, "console/send/sms.html", shown, status=status)


def _shortage(refusal: InsufficientCredits | None) -> dict[str, int]:
    if refusal is None:
        return {}
    required, have = refusal.extra["required_micro"], refusal.extra["balance_micro"]
    price = credit_price()
    amount_minor = max(price.minimum_minor, price.amount_for(required - have))
    return {"required_micro": required, "have_micro": have, "amount_rupees": amount_minor // 100}


def _cost(request: MemberRequest, told: dict[str, str]) -> dict[str, object]:
    quote = messaging_queries.price(
        recipients=recipients_in(told.get("recipients", "")), body=_text(told.get("body", ""))
    )
    left = balance(organisation_id=request.organisation.id).available - quote.credits_micro
    return {"quote": quote, "left_micro": left}


def recipients_in(text: str) -> list[str]:
    """The numbers of a pasted list: by line, comma or semicolon, or by a space before the next plus."""
    return [part.strip() for part in _BETWEEN_RECIPIENTS.split(text) if part.strip()]


def _text(body: str) -> str:
    """Forms send line breaks as two characters; a phone needs one, and the second would be paid for."""
    return body.replace("\r\n", "\n")
