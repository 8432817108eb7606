"""Send SMS: what it costs while it is written, and the sending."""

from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from khata.console.access import member_page
from khata.console.forms import SmsForm
from khata.console.number_lists import recipients_in
from khata.console.requests import MemberRequest
from khata.console.schedule import button_words
from khata.console.sending import Shortage, kept_draft, send, sent_before
from khata.console.template_forms import sms_form
from khata.ledger.queries import balance
from khata.messaging import queries as messaging_queries
from khata.messaging import template_queries
from khata.messaging.operations import SendRequest
from khata.messaging.operations.registered_templates import plain_text
from khata.messaging.queries import SendQuote
from khata.messaging.recipient_queries import opted_out_among

RECIPIENTS_MAX = 1_000
_INVALID_NAMED = 5


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sms(request: MemberRequest) -> HttpResponse:
    """A draft that lacked credits waits in the session until it is sent."""
    if request.method != "POST":
        draft = kept_draft(request, SmsForm)
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


@member_page
@require_POST
def button(request: MemberRequest) -> HttpResponse:
    """The words on Send, of an e-mail too."""
    return HttpResponse(button_words(request.POST.get("scheduled_at")))


def _send(request: MemberRequest, form: SmsForm) -> HttpResponse:
    if before := sent_before(request, form):
        return redirect(before)
    text = plain_text(form.cleaned_data["body"])
    quote = messaging_queries.price(recipients=recipients_in(form.cleaned_data["recipients"]), body=text)
    if problem := _recipient_problem(request.organisation.id, quote):
        form.add_error("recipients", problem)
        return _draw(request, form, status=422)
    answer = send(request, form, [_request(form, text, to) for to in quote.recipients])
    if isinstance(answer, HttpResponse):
        return answer
    return _draw(request, form, status=402 if answer else 422, shortage=answer)


def _request(form: SmsForm, text: str, recipient: str) -> SendRequest:
    written = form.cleaned_data
    sender, at = written["sender"] or None, written["scheduled_at"]
    return SendRequest(recipient, text, sender, template=form.template_ref, scheduled_at=at)


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


def _draw(request: MemberRequest, form: SmsForm, status: int = 200, shortage: Shortage | None = None) -> HttpResponse:
    shown = {
        "form": form,
        "token": form["token"].value() or uuid4().hex,
        "templates": template_queries.templates_in_use(organisation_id=request.organisation.id),
        "is_checked": template_queries.registration(organisation_id=request.organisation.id).is_checked,
        **_cost(request, form),
        "shortage": shortage,
    }
    return render(request, "console/send/sms.html", shown, status=status)


def _cost(request: MemberRequest, form: SmsForm) -> dict[str, object]:
    told = form.written()
    text = plain_text(told["body"])
    quote = messaging_queries.price(recipients=recipients_in(told["recipients"]), body=text)
    left = balance(organisation_id=request.organisation.id).available - quote.credits_micro
    return {"quote": quote, "left_micro": left, "form": form, "text": text}
