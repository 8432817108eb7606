"""Add Credits: the page, the same as a dialog, and the live quote under the amount."""

from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from khata.billing import operations as billing
from khata.billing import queries as billing_queries
from khata.billing.queries import TopUpQuote, TopUpRow, TopUpState
from khata.console.access import member_page, owner_action
from khata.console.context import payment_methods, purchasing
from khata.console.forms import AMOUNT_DEFAULT, COUPON_LENGTH_MAX, PRESETS_RUPEES, AddCreditsForm, add_problems
from khata.console.requests import MemberRequest
from khata.kernel.errors import ErrorKind, InvalidRequest, KhataError
from khata.kernel.money import NotAnAmount, paise_from_text
from khata.payments.registry import gateways
from khata.payments.ways import PayBy
from khata.pricing.queries import credit_price
from khata.tenancy import operations as tenancy
from khata.tenancy.configuration import tax_scheme
from khata.tenancy.core.gstin import STATES
from khata.tenancy.core.tax_scheme import TaxScheme
from khata.tenancy.models import Organisation

_OPEN_STATES = (TopUpState.CREATED, TopUpState.PENDING)
_AMOUNT_LENGTH_MAX = 32
_DETAILS_MISSING = {
    TaxScheme.GST: "For this amount your invoice needs your address or a GSTIN: see Billing details.",
    TaxScheme.VAT: "Your invoice needs your name and address: see Billing details.",
    TaxScheme.NONE: "Your invoice needs your name: see Billing details.",
}
_WAYS = {
    PayBy.CHECKOUT: "Pay now",
    PayBy.UPI_QR: "UPI QR on this page",
    PayBy.LINK: "Ask a colleague to pay",
}


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add_credits(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        return _start(request)
    text = request.GET.get("amount", AMOUNT_DEFAULT)[:_AMOUNT_LENGTH_MAX]
    form = AddCreditsForm(initial={"amount": text, "token": uuid4().hex})
    return _draw(request, form, text)


@member_page
@never_cache
@require_safe
def quote(request: MemberRequest) -> HttpResponse:
    """The credits and the tax for an amount still being typed; an unfinished amount shows none."""
    coupon_code = request.GET.get("coupon", "")[:COUPON_LENGTH_MAX]
    return render(request, "console/billing/_quote.html", _quoted(request, request.GET.get("amount", ""), coupon_code))


@owner_action
def _start(request: MemberRequest) -> HttpResponse:
    form = AddCreditsForm(request.POST)
    if form.is_valid():
        try:
            top_up = _start_top_up(request, form)
            return redirect(next_address(top_up))
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        except billing.BillingDetailsMissing:
            form.add_error(None, _DETAILS_MISSING[tax_scheme()])
        except KhataError as refusal:
            if refusal.kind is not ErrorKind.UNAVAILABLE:
                raise
            form.add_error(None, f"{refusal.detail} You were not charged. Please try again.")
    return _draw(request, form, str(form["amount"].value() or ""), status=422)


def _start_top_up(request: MemberRequest, form: AddCreditsForm) -> TopUpRow:
    _complete_billing_details(request, form)
    amount_minor, gateway_code = form.cleaned_data["amount"], form.cleaned_data["gateway"]
    coupon_code = form.cleaned_data["coupon"]
    pay_by = PayBy(form.cleaned_data["pay_by"] or PayBy.CHECKOUT)
    return billing.start_top_up(
        organisation_id=request.organisation.id,
        amount_minor=amount_minor,
        # What was chosen belongs to the key: going back to change it is a new wish, a second click is not.
        idempotency_key=f"console:{form.cleaned_data['token']}:{amount_minor}:{gateway_code}:{coupon_code}:{pay_by}",
        member_id=request.user.id,
        gateway_code=gateway_code or None,
        coupon_code=coupon_code,
        pay_by=pay_by,
    )


def next_address(top_up: TopUpRow) -> str:
    """Where a started top-up goes on: to the gateway while it can be paid there, else to its page."""
    is_for_checkout = top_up.state in _OPEN_STATES and top_up.pay_by is PayBy.CHECKOUT
    return reverse("payment_checkout" if is_for_checkout else "payment", args=[top_up.id])


def _ways() -> list[tuple[str, str]]:
    """What one of the gateways offers besides its checkout, with the words for it; [] where none does."""
    offered = frozenset[PayBy]().union(*(gateway.capabilities.ways for gateway in gateways()))
    found = [(way.value, words) for way, words in _WAYS.items() if way in offered]
    return found if len(found) > 1 else []


def _complete_billing_details(request: MemberRequest, form: AddCreditsForm) -> None:
    """The first top-up asks for what an invoice cannot be without. Raises InvalidRequest."""
    organisation = request.organisation
    if organisation.legal_name and _asked_for(organisation) is None:
        return
    details = tenancy.BillingDetails(
        legal_name=form.cleaned_data["legal_name"] or organisation.legal_name or organisation.name,
        address=organisation.address or form.cleaned_data["address"],
        state_code=organisation.state_code or form.cleaned_data["state_code"],
        gstin=organisation.gstin,
        phone=organisation.phone,
    )
    tenancy.change_billing_details(organisation_id=organisation.id, details=details)


def _asked_for(organisation: Organisation) -> str | None:
    """The State decides GST; VAT's invoices name an address."""
    needed = {TaxScheme.GST: "state_code", TaxScheme.VAT: "address"}.get(tax_scheme())
    return needed if needed and not getattr(organisation, needed) else None


def _quoted(request: MemberRequest, text: str, coupon_code: str) -> dict[str, object]:
    found = _quote(request, text, coupon_code)
    if found is None:
        return {"quote": None}
    upi_maximum_minor = next((gateway.capabilities.upi_maximum_minor for gateway in gateways()), found.total_minor)
    return {
        "quote": found,
        "buys": purchasing(found.credits_micro + found.bonus_micro),
        "upi_maximum_minor": upi_maximum_minor,
        "methods_left": [method for method in payment_methods() if not method.startswith("UPI")],
    }


def _quote(request: MemberRequest, text: str, coupon_code: str) -> TopUpQuote | None:
    try:
        amount_minor = paise_from_text(text[:_AMOUNT_LENGTH_MAX])
    except NotAnAmount:
        return None
    price = credit_price()
    if not price.minimum_minor <= amount_minor <= price.maximum_minor:
        return None
    # Quoted while it is typed, before the form refuses what no database takes.
    return billing_queries.quote(
        organisation_id=request.organisation.id, amount_minor=amount_minor, coupon_code=coupon_code.replace("\0", "")
    )


def _draw(request: MemberRequest, form: AddCreditsForm, text: str, status: int = 200) -> HttpResponse:
    asked_for = _asked_for(request.organisation)
    if asked_for:
        # For the label; the operation says what is missing.
        form.fields[asked_for].required = True
    shown = {
        "form": form,
        "token": form["token"].value() or uuid4().hex,
        "amount_text": text,
        "methods": payment_methods(),
        "gateways": gateways(),
        "gateway_chosen": form["gateway"].value() or next((gateway.code for gateway in gateways()), ""),
        "presets": PRESETS_RUPEES,
        "ways": _ways(),
        "way_chosen": form["pay_by"].value() or PayBy.CHECKOUT.value,
        "preset_chosen": text.replace(",", "").removeprefix("₹").removesuffix(".00"),
        "price": credit_price(),
        **_quoted(request, text, str(form["coupon"].value() or "")),
        "has_offers": billing_queries.has_offers(),
        "asked_for": asked_for,
        "state_name": STATES.get(request.organisation.state_code, ""),
        "open_top_ups": billing_queries.open_top_ups(organisation_id=request.organisation.id),
    }
    is_dialog = bool(request.htmx)
    return render(
        request, f"console/billing/{'_add_credits' if is_dialog else 'add_credits'}.html", shown, status=status
    )
