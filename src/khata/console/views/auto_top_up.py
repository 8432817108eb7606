"""Auto top-up: what it does and costs, switching it on with a first payment, its terms, and how to stop it."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from khata.billing.core.auto_top_up import AutoTopUpState, PauseReason
from khata.billing.errors import BillingDetailsMissing
from khata.billing.operations import auto_top_ups as operations
from khata.billing.operations.auto_top_ups import AutoTopUpTerms
from khata.billing.queries import auto_top_ups as queries
from khata.billing.queries.auto_top_ups import AutoTopUpRow
from khata.console.access import member_page, owner_action
from khata.console.auto_top_up_form import AutoTopUpForm, chosen_gateways, filled_in
from khata.console.forms import add_problems
from khata.console.requests import MemberRequest
from khata.console.views.add_credits import next_address
from khata.console.words import BUSY, CALM, OK, WARN, badge
from khata.kernel.errors import ErrorKind, InvalidRequest, KhataError

_BADGES = {
    AutoTopUpState.OFF: badge("Off", CALM),
    AutoTopUpState.PENDING_MANDATE: badge("Waiting for the first payment", BUSY),
    AutoTopUpState.ON: badge("On", OK),
    AutoTopUpState.PAUSED: badge("Paused", WARN),
}
_PAUSES = {
    PauseReason.DECLINED: "Three payments in a row did not succeed. Nothing is charged until you go on.",
    PauseReason.CAP_REACHED: "This month's cap is reached. It goes on by itself when the month ends.",
    PauseReason.TAKEN_BACK: "An automatic payment was refunded or is disputed. Nothing is charged until you go on.",
    PauseReason.UNCLEAR: "The operator is checking an automatic payment. Nothing is charged until you go on.",
    PauseReason.ABOVE_MANDATE: "A payment would be more than your bank allows at once. Choose a smaller amount.",
}
_RUNNING = (AutoTopUpState.ON, AutoTopUpState.PAUSED)


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def auto_top_up(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        return _choose(request)
    row = queries.auto_top_up(organisation_id=request.organisation.id)
    return _draw(request, row, AutoTopUpForm(initial=filled_in(row, uuid4().hex)))


@owner_action
@require_POST
def stop(request: MemberRequest) -> HttpResponse:
    operations.stop_auto_top_up(organisation_id=request.organisation.id)
    messages.success(request, "Auto top-up is off. Nothing more is charged by itself.")
    return redirect("auto_top_up")


@owner_action
@require_POST
def resume(request: MemberRequest) -> HttpResponse:
    operations.resume_auto_top_up(organisation_id=request.organisation.id)
    messages.success(request, "Auto top-up is on again.")
    return redirect("auto_top_up")


@owner_action
def _choose(request: MemberRequest) -> HttpResponse:
    row = queries.auto_top_up(organisation_id=request.organisation.id)
    form = AutoTopUpForm(request.POST)
    if form.is_valid():
        try:
            return _change(request, form) if _is_running(row) else _start(request, form)
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        except BillingDetailsMissing as refusal:
            form.add_error(None, refusal.detail)
        except KhataError as refusal:
            if refusal.kind is not ErrorKind.UNAVAILABLE:
                raise
            form.add_error(None, f"{refusal.detail} You were not charged. Please try again.")
    return _draw(request, row, form, status=422)


def _start(request: MemberRequest, form: AutoTopUpForm) -> HttpResponse:
    terms = _terms(form)
    top_up = operations.start_auto_top_up(
        organisation_id=request.organisation.id,
        terms=terms,
        gateway_code=form.cleaned_data["gateway"] or chosen_gateways()[0][0],
        # What was chosen belongs to the key: going back to change it is a new wish, a second click is not.
        idempotency_key=f"console:mandate:{form.cleaned_data['token']}:{_signature(terms)}",
        member_id=request.user.id,
    )
    return redirect(next_address(top_up))


def _change(request: MemberRequest, form: AutoTopUpForm) -> HttpResponse:
    operations.change_auto_top_up(organisation_id=request.organisation.id, terms=_terms(form))
    messages.success(request, "Auto top-up saved.")
    return redirect("auto_top_up")


def _terms(form: AutoTopUpForm) -> AutoTopUpTerms:
    told = form.cleaned_data
    return AutoTopUpTerms(told["amount"], told["level"] or 0, told["cap"])


def _signature(terms: AutoTopUpTerms) -> str:
    """The terms in few characters."""
    return f"{terms.amount_minor}:{terms.level_credits_micro}:{terms.cap_minor}"


def _is_running(row: AutoTopUpRow | None) -> bool:
    return row is not None and row.state in _RUNNING


def _draw(request: MemberRequest, row: AutoTopUpRow | None, form: AutoTopUpForm, status: int = 200) -> HttpResponse:
    state = row.state if row else AutoTopUpState.OFF
    shown = {
        "form": form,
        "auto": row,
        "badge": _BADGES[state],
        "pause": _PAUSES[row.pause_reason] if row and row.pause_reason else "",
        "may_resume": row is not None and row.state is AutoTopUpState.PAUSED,
        "is_running": _is_running(row),
        "is_waiting": state is AutoTopUpState.PENDING_MANDATE,
        "gateways": chosen_gateways(),
        "notice_hours": queries.notice_hours(row.gateway_code if row else None),
        "top_ups": queries.automatic_top_ups(organisation_id=request.organisation.id),
    }
    return render(request, "console/billing/auto_top_up.html", shown, status=status)
