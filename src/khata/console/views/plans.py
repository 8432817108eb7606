"""Plans: what there is side by side, choosing one, changing and cancelling it."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from khata.billing import operations as billing
from khata.billing import queries as billing_queries
from khata.billing.queries import Plan, PlanStanding
from khata.console.access import member_page, owner_action
from khata.console.context import payment_methods
from khata.console.requests import MemberRequest
from khata.console.views.add_credits import next_address
from khata.console.words import day
from khata.kernel.errors import KhataError
from khata.pricing import queries as pricing

_TOKEN_LENGTH_MAX = 64


@member_page
@require_safe
def page(request: MemberRequest) -> HttpResponse:
    """At most three columns; the plan that runs stands among them even when it is offered no more."""
    standing = _standing(request)
    offered = billing_queries.plans_offered()
    is_kept = standing is not None and standing.plan not in offered
    shown = {
        "standing": standing,
        "plans": [standing.plan, *offered] if standing and is_kept else offered,
        "price": pricing.credit_price(),
    }
    return render(request, "console/billing/plan.html", shown)


@owner_action
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: MemberRequest, code: str) -> HttpResponse:
    """Says what it costs, what changes and when; then does it."""
    standing = _standing(request)
    plan = _plan(code, standing)
    if request.method == "POST":
        return _change(request, standing, plan) if standing else _begin(request, plan)
    return _draw(request, plan, standing)


@owner_action
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: MemberRequest) -> HttpResponse:
    standing = _standing(request)
    if standing is None:
        return redirect("plan")
    if request.method != "POST":
        return render(request, "console/billing/plan_cancel.html", {"standing": standing})
    billing.cancel_plan(organisation_id=request.organisation.id)
    messages.success(request, f"Cancelled. {standing.plan.name} runs until {day(standing.paid_until)}.")
    return redirect("plan")


def _begin(request: MemberRequest, plan: Plan) -> HttpResponse:
    token = request.POST.get("token", "")[:_TOKEN_LENGTH_MAX]
    try:
        top_up = billing.subscribe(
            organisation_id=request.organisation.id,
            plan_code=plan.code,
            idempotency_key=f"console:plan:{token}:{plan.code}",
            member_id=request.user.id,
        )
    except KhataError as refusal:
        return _draw(request, plan, None, problem=refusal)
    if top_up is not None:
        return redirect(next_address(top_up))
    messages.success(request, f"{plan.name} has started.")
    return redirect("plan")


def _change(request: MemberRequest, standing: PlanStanding, plan: Plan) -> HttpResponse:
    try:
        billing.choose_next_plan(organisation_id=request.organisation.id, plan_code=plan.code)
    except billing.BillingDetailsMissing as refusal:
        return _draw(request, plan, standing, problem=refusal)
    if plan == standing.plan:
        messages.success(request, f"You keep {plan.name}.")
    else:
        condition = "" if plan.is_free else ", once you have paid for it"
        messages.success(request, f"{plan.name} starts on {day(standing.paid_until)}{condition}.")
    return redirect("plan")


def _draw(
    request: MemberRequest, plan: Plan, standing: PlanStanding | None, problem: KhataError | None = None
) -> HttpResponse:
    quote = None if plan.is_free else billing_queries.quote_plan(organisation_id=request.organisation.id, plan=plan)
    shown = {
        "plan": plan,
        "standing": standing,
        "quote": quote,
        "token": uuid4().hex,
        "methods": payment_methods(),
        "problem": problem,
        "is_details_missing": isinstance(problem, billing.BillingDetailsMissing),
    }
    return render(request, "console/billing/plan_choose.html", shown, status=422 if problem else 200)


def _standing(request: MemberRequest) -> PlanStanding | None:
    return billing_queries.plan_standing(organisation_id=request.organisation.id)


def _plan(code: str, standing: PlanStanding | None) -> Plan:
    """Raises NotFound."""
    if standing is not None and standing.plan.code == code:
        return standing.plan
    return billing_queries.plan_offered(code=code)
