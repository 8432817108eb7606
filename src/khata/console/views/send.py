"""Send SMS: what it costs while it is written, and the sending."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from khata.console.access import member_page
from khata.console.forms import SmsForm
from khata.console.number_lists import recipients_in
from khata.console.requests import MemberRequest
from khata.console.template_forms import sms_form
from khata.console.words import plural
from khata.kernel.errors import KhataError
from khata.ledger.errors import InsufficientCredits
from khata.ledger.queries import balance
from khata.messaging import operations as messaging
from khata.messaging import queries as messaging_queries
from khata.messaging import template_queries
from khata.messaging.operations import SendRequest, SentMessage
from khata.messaging.queries import SendQuote
from khata.messaging.recipient_queries import opted_out_among
from khata.pricing.queries import credit_price

RECIPIENTS_MAX = 1_000
_INVALID_NAMED = 5
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
        draft = request.session.get(_DRAFT, {})
        return _draw(request, sms_form(request, request.GET.get("template", draft.get("template", "")), initial=draft))
    form = sms_form(request, request.POST.get("template", ""), request.POST)
    if not form.is_valid():
        return _draw(request, form, status=422)
    if request.POST.get("action") == "preview":
        return _draw(request, form)
    return _send(request, form)


@member_page
@require_POST
def quote(request: MemberRequest) -> HttpResponse:
    form = sms_form(request, request.POST.get("template", ""), request.POST)
    return render(request, "console/send/_quote.html", _cost(request, form))


def _send(request: MemberRequest, form: SmsForm) -> HttpResponse:
    token = form.cleaned_data["token"]
    if sent_before := request.session.get(_TOKENS, {}).get(token):
        return redirect(sent_before)
    text = _text(form.cleaned_data["body"])
    quote = messaging_queries.price(recipients=recipients_in(form.cleaned_data["recipients"]), body=text)
    if problem := _recipient_problem(request.organisation.id, quote):
        form.add_error("recipients", problem)
        return _draw(request, form, status=422)
    sender = form.cleaned_data["sender"] or None
    answers = messaging.send_messages(
        organisation_id=request.organisation.id,
        requests=[SendRequest(to, text, sender, template=form.template_ref) for to in quote.recipients],
        is_all_or_nothing=True,
        member_id=request.user.id,
    )
    refusals = [answer for answer in answers if isinstance(answer, KhataError)]
    if refusals:
        return _refused(request, form, refusals)
    return _sent(request, token, [answer for answer in answers if isinstance(answer, SentMessage)])


def _recipient_problem(organisation_id: int, quote: SendQuote) -> str:
    """What is wrong with the list of numbers; "" where nothing is."""
    if quote.recipients_invalid:
        return f"Not a number we can reach: {', '.join(quote.recipients_invalid[:_INVALID_NAMED])}."
    if len(quote.recipients) > RECIPIENTS_MAX:
        return f"At most {RECIPIENTS_MAX:,} numbers at once."
    if opted_out := opted_out_among(organisation_id=organisation_id, recipients=quote.recipients):
        rest = len(opted_out) - _INVALID_NAMED
        named = f"{', '.join(opted_out[:_INVALID_NAMED])}{f' and {rest} more' if rest > 0 else ''}"
        return f"Nothing was sent: {named} opted out."
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
        request.session[_DRAFT] = form.draft()
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
    shown = {
        "form": form,
        "token": form["token"].value() or uuid4().hex,
        "templates": template_queries.templates_in_use(organisation_id=request.organisation.id),
        "is_checked": template_queries.registration(organisation_id=request.organisation.id).is_checked,
        **_cost(request, form),
        **_shortage(shortage),
    }
    return render(request, "console/send/sms.html", shown, status=status)


def _shortage(refusal: InsufficientCredits | None) -> dict[str, int]:
    if refusal is None:
        return {}
    required, have = refusal.extra["required_micro"], refusal.extra["balance_micro"]
    price = credit_price()
    amount_minor = max(price.minimum_minor, price.amount_for(required - have))
    return {"required_micro": required, "have_micro": have, "amount_rupees": amount_minor // 100}


def _cost(request: MemberRequest, form: SmsForm) -> dict[str, object]:
    told = form.written()
    text = _text(told["body"])
    quote = messaging_queries.price(recipients=recipients_in(told["recipients"]), body=text)
    left = balance(organisation_id=request.organisation.id).available - quote.credits_micro
    return {"quote": quote, "left_micro": left, "form": form, "text": text}


def _text(body: str) -> str:
    """Forms send line breaks as two characters; a phone needs one, and the second would be paid for."""
    return body.replace("\r\n", "\n")
