"""What sending SMS and e-mail have in common: all or none, once for each form that was drawn, now or at a time to come,
and a draft that lacks credits waits in the session until it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from khata.console.forms import MessageForm
from khata.console.requests import MemberRequest
from khata.console.session_notes import keep_note, kept_note
from khata.console.words import credits_are, minute, plural
from khata.kernel.clock import utc_now
from khata.kernel.errors import KhataError
from khata.kernel.money import RUPEE_MINOR
from khata.ledger.errors import InsufficientCredits
from khata.messaging import operations as messaging
from khata.messaging.core.life import MessageStatus
from khata.messaging.operations import SendRequest, SentMessage
from khata.pricing.queries import credit_price

_FIELDS = {"to": "recipients", "from": "sender"}
_SENT = "sent_forms"


@dataclass(frozen=True, slots=True)
class Shortage:
    """What was needed, what there was, and the smallest top-up that covers the difference."""

    required_micro: int
    have_micro: int
    amount_rupees: int


def kept_draft(request: MemberRequest, form_class: type[MessageForm]) -> dict[str, Any]:
    """What brings the draft back that lacked credits; {} where none did."""
    return dict(request.session.get(form_class.kept_as, {}))


def sent_before(request: MemberRequest, form: MessageForm) -> str:
    """Where the same form led when it was sent before; "" where it was not."""
    return kept_note(request, _SENT, form.cleaned_data["token"])


def send(request: MemberRequest, form: MessageForm, requests: Sequence[SendRequest]) -> HttpResponse | Shortage | None:
    """The way to what was sent. Refused: the shortage, or None with the reasons beside the form's fields.

    A program's time that has passed sends at once; a person's is a slip.
    """
    if (at := form.cleaned_data["scheduled_at"]) is not None and at <= utc_now():
        form.add_error("scheduled_at", "This time has passed. Choose a later one, or none to send now.")
        return None
    answers = messaging.send_messages(
        organisation_id=request.organisation.id,
        requests=requests,
        is_all_or_nothing=True,
        member_id=request.user.id,
    )
    refusals = [answer for answer in answers if isinstance(answer, KhataError)]
    if not refusals:
        return _sent(request, form, [answer for answer in answers if isinstance(answer, SentMessage)])
    for refusal in refusals:
        if isinstance(refusal, InsufficientCredits):
            request.session[form.kept_as] = form.draft()
            return _shortage(refusal)
    _add_refusals(form, refusals)
    return None


def _sent(request: MemberRequest, form: MessageForm, sent: list[SentMessage]) -> HttpResponse:
    address = reverse("message", args=[sent[0].id]) if len(sent) == 1 else reverse("logs")
    if len(sent) > 1:
        messages.success(request, _sent_words(form, sent))
    request.session.pop(form.kept_as, None)
    if token := form.cleaned_data["token"]:
        keep_note(request, _SENT, token, address)
    return redirect(address)


def _sent_words(form: MessageForm, sent: list[SentMessage]) -> str:
    counted = plural(len(sent), form.one, form.many)
    if sent[0].status is not MessageStatus.SCHEDULED:
        return f"{counted} accepted."
    reserved_micro = sum(message.credits_micro for message in sent)
    at = minute(form.cleaned_data["scheduled_at"])
    return f"{counted} are scheduled for {at}. {credits_are(reserved_micro)} reserved."


def _shortage(refusal: InsufficientCredits) -> Shortage:
    required, have = refusal.extra["required_micro"], refusal.extra["balance_micro"]
    price = credit_price()
    amount_minor = max(price.minimum_minor, price.amount_for(required - have))
    return Shortage(required, have, amount_minor // RUPEE_MINOR)


def _add_refusals(form: MessageForm, refusals: list[KhataError]) -> None:
    """Each once, however many messages it was said of."""
    problems = [
        problem
        for refusal in refusals
        for problem in refusal.extra.get("errors") or [{"field": "", "detail": refusal.detail}]
    ]
    for name, detail in dict.fromkeys((_FIELDS.get(each["field"], each["field"]), each["detail"]) for each in problems):
        form.add_error(name if name in form.fields else None, detail)
