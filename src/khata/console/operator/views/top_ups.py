"""Top-ups: all of them by state, one with everything known about it, and what an operator may do."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from khata.billing.operations import operator_reviews
from khata.billing.operations.operator_actions import Deed
from khata.billing.queries import PaymentRow, TopUpRow, TopUpState, refundable_minor
from khata.billing.queries import operator as operator_queries
from khata.billing.queries import reconciliation as reconciliation_queries
from khata.console.operator.access import OperatorRequest, deed_of, draw, operator_page
from khata.console.operator.asking import Question, ask
from khata.console.operator.forms import ReasonForm, RefundForm, TopUpFilter
from khata.console.paging import pager
from khata.console.words import credits_words, money
from khata.kernel.errors import NotFound
from khata.payments.port import PaymentStatus

_AREA = "top_ups"


@operator_page
@require_safe
def top_ups(request: OperatorRequest) -> HttpResponse:
    form = TopUpFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {"search": "", "state": ""}
    pages = pager(request.GET)
    page = operator_queries.all_top_ups(
        state=TopUpState(wanted["state"]) if wanted["state"] else None,
        search=wanted["search"],
        before_id=pages.before_id,
    )
    older, newer = pages.older(page.next_cursor), pages.newer
    is_narrowed = bool(wanted["search"] or wanted["state"])
    return draw(request, "top_ups", _AREA, form=form, rows=page.rows, is_narrowed=is_narrowed, older=older, newer=newer)


@operator_page
@require_safe
def top_up(request: OperatorRequest, top_up_id: UUID) -> HttpResponse:
    found = operator_queries.any_top_up(top_up_id=top_up_id)
    row = found.top_up
    events = operator_queries.webhooks(order_ref=row.order_ref).rows if row.order_ref else []
    return draw(
        request,
        "top_up",
        _AREA,
        found=found,
        top_up=row,
        payments=[(payment, _may_credit(row, payment)) for payment in row.payments],
        webhooks=events,
        refundable_minor=refundable_minor(organisation_id=row.organisation_id, top_up_id=top_up_id),
        findings=reconciliation_queries.findings_of(top_up_id=top_up_id),
        fee_minor=reconciliation_queries.settled_fee_minor(top_up_id=top_up_id),
        actions=operator_queries.operator_actions(subject=row.public_id).rows,
    )


@operator_page
@require_POST
def check(request: OperatorRequest, top_up_id: UUID) -> HttpResponse:
    if operator_reviews.check_top_up(deed_of(request), top_up_id=top_up_id):
        messages.success(request, "The gateway was asked; this is how it stands.")
    else:
        messages.warning(request, "The gateway did not answer. Nothing was changed.")
    return redirect("operator_top_up", top_up_id)


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: OperatorRequest, top_up_id: UUID) -> HttpResponse:
    found = operator_queries.any_top_up(top_up_id=top_up_id)
    row = found.top_up
    most_minor = refundable_minor(organisation_id=row.organisation_id, top_up_id=top_up_id)
    question = Question(
        area=_AREA,
        title=f"Give money back to “{found.organisation_name}”?",
        consequences=(
            f"At most ₹{money(most_minor)} of ₹{money(row.total_minor)} can be given back: what is unused of it.",
            "Its credits are reserved first, then the gateway is asked; they are gone once it has done it.",
        ),
        button="Refund",
        done="The refund is started.",
        back=reverse("operator_top_up", args=[top_up_id]),
        is_dangerous=True,
    )

    def act(deed: Deed, form: ReasonForm) -> None:
        operator_reviews.refund_top_up(deed, top_up_id=top_up_id, amount_minor=form.cleaned_data["amount"])

    return ask(request, question, act, RefundForm)


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def credit(request: OperatorRequest, top_up_id: UUID, payment_ref: str) -> HttpResponse:
    row = operator_queries.any_top_up(top_up_id=top_up_id).top_up
    payment = next((one for one in row.payments if one.payment_ref == payment_ref), None)
    if payment is None or not _may_credit(row, payment):
        raise NotFound
    question = Question(
        area=_AREA,
        title=f"Credit payment {payment_ref}?",
        consequences=(
            f"The gateway is asked first, whether it still has ₹{money(payment.amount_minor)} as paid.",
            f"If so, {credits_words(row.credits_micro)} are added and the invoice is written.",
            "This cannot be undone; a refund would be a new step.",
        ),
        button="Credit the payment",
        done="The payment is credited.",
        back=reverse("operator_top_up", args=[top_up_id]),
    )

    def act(deed: Deed, form: ReasonForm) -> None:
        operator_reviews.credit_review(deed, top_up_id=top_up_id, payment_ref=payment_ref)

    return ask(request, question, act)


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: OperatorRequest, top_up_id: UUID) -> HttpResponse:
    row = operator_queries.any_top_up(top_up_id=top_up_id).top_up
    if row.state is not TopUpState.REVIEW:
        raise NotFound
    paid_minor = sum(p.amount_minor for p in row.payments if p.status is PaymentStatus.CAPTURED)
    question = Question(
        area=_AREA,
        title="Close this review without credits?",
        consequences=(
            "No credits are added now, and the top-up is shown as cancelled.",
            "Should the gateway report a payment that fits after all, it is still credited.",
            f"The gateway has ₹{money(paid_minor)} of the payer's money: give it back there first."
            if paid_minor
            else "As far as we know the gateway took no money for it.",
        ),
        button="Close the review",
        done="The review is closed.",
        back=reverse("operator_top_up", args=[top_up_id]),
        is_dangerous=bool(paid_minor),
    )

    def act(deed: Deed, form: ReasonForm) -> None:
        operator_reviews.close_review(deed, top_up_id=top_up_id)

    return ask(request, question, act)


def _may_credit(row: TopUpRow, payment: PaymentRow) -> bool:
    """Worth asking for; the operation decides by what the gateway says then."""
    is_captured = payment.status is PaymentStatus.CAPTURED
    is_real = row.review_reason != "mode_differs"
    return row.state is TopUpState.REVIEW and is_real and is_captured and payment.amount_minor == row.total_minor
