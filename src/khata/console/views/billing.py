"""Billing: the overview with credits, plan, prices and last payments, and the billing details."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from khata.billing import queries as billing
from khata.console.access import member_page, owner_action
from khata.console.context import payment_methods
from khata.console.forms import PRESETS_RUPEES, BillingDetailsForm, add_problems
from khata.console.requests import MemberRequest
from khata.kernel.errors import InvalidRequest
from khata.kernel.money import RUPEE_MINOR
from khata.pricing import queries as pricing
from khata.tenancy import operations as tenancy
from khata.tenancy.configuration import tax_scheme

_PAYMENTS_SHOWN = 3
_DETAIL_FIELDS = ("legal_name", "address", "state_code", "gstin", "phone")


@member_page
@require_safe
def overview(request: MemberRequest) -> HttpResponse:
    organisation_id = request.organisation.id
    standing = billing.plan_standing(organisation_id=organisation_id)
    price = billing.credit_price(organisation_id=organisation_id)
    top_ups = billing.top_ups(organisation_id=request.organisation.id, limit=_PAYMENTS_SHOWN)
    shown = {
        "methods": payment_methods(),
        "price": price,
        "standing": standing,
        "has_plans": bool(billing.plans_offered()),
        "included_left_micro": billing.included_left(organisation_id=organisation_id) if standing else 0,
        "packs": [_pack(organisation_id, rupees) for rupees in PRESETS_RUPEES],
        "rates": pricing.rate_card().rates,
        "top_ups": top_ups.rows,
    }
    return render(request, "console/billing/overview.html", shown)


def _pack(organisation_id: int, rupees: int) -> tuple[int, int, int]:
    """Rupees, the credits they buy, the bonus they bring."""
    quote = billing.quote(organisation_id=organisation_id, amount_minor=rupees * RUPEE_MINOR)
    return rupees, quote.credits_micro, quote.bonus_micro


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        return _change_details(request)
    known = {name: getattr(request.organisation, name) for name in _DETAIL_FIELDS}
    known["legal_name"] = known["legal_name"] or request.organisation.name
    return _draw_details(request, BillingDetailsForm(tax_scheme(), initial=known))


@owner_action
def _change_details(request: MemberRequest) -> HttpResponse:
    form = BillingDetailsForm(tax_scheme(), request.POST)
    if form.is_valid():
        try:
            tenancy.change_billing_details(
                organisation_id=request.organisation.id, details=_details_in(form.cleaned_data)
            )
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "Billing details saved.")
            return redirect("billing_details")
    return _draw_details(request, form, status=422)


def _details_in(cleaned: dict[str, Any]) -> tenancy.BillingDetails:
    return tenancy.BillingDetails(**{name: cleaned.get(name, "") for name in _DETAIL_FIELDS})


def _draw_details(request: MemberRequest, form: BillingDetailsForm, status: int = 200) -> HttpResponse:
    return render(request, "console/billing/details.html", {"form": form}, status=status)
