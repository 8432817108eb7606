"""Starting a top-up: everything that money depends on is frozen in its row before the gateway hears of it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import IntegrityError

from khata.billing import queries
from khata.billing.core.purposes import TopUpPurpose
from khata.billing.core.tax import ADDRESS_REQUIRED_FROM_MINOR
from khata.billing.errors import BillingDetailsMissing, IdempotencyKeyReused
from khata.billing.models import CouponUse, TopUp
from khata.billing.operations.invoices import frozen_parties
from khata.billing.operations.offers import locked_coupon, require_good_coupon
from khata.billing.operations.orders import TIMES_TO_PAY, ensure_order
from khata.billing.queries import TopUpQuote, TopUpRow, TopUpState, top_up_row
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, field_problem
from khata.kernel.money import group_indian, money_text
from khata.kernel.transactions import in_transaction, needs_database
from khata.payments.errors import UnknownGateway
from khata.payments.port import Gateway
from khata.payments.registry import default_gateway, gateway, gateways
from khata.payments.ways import PayBy
from khata.pricing import queries as pricing
from khata.tenancy import queries as tenancy
from khata.tenancy.configuration import tax_scheme
from khata.tenancy.core.tax_scheme import TaxScheme
from khata.tenancy.models import Organisation

KEY_LENGTH_MAX = 255
_WAY_WORDS = {PayBy.CHECKOUT: "checkout", PayBy.LINK: "payment links", PayBy.UPI_QR: "UPI QR codes"}


@dataclass(frozen=True, slots=True)
class Starter:
    """Who starts a top-up, for whom, and the key that makes it one however often it is asked for."""

    organisation_id: int
    idempotency_key: str
    member_id: UUID | None = None
    api_key_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be bought, and how it is to be paid."""

    amount_minor: int
    currency: str
    chosen: Gateway
    coupon_code: str
    pay_by: PayBy


@needs_database
def start_top_up(
    *,
    organisation_id: int,
    amount_minor: int,
    idempotency_key: str,
    currency: str = "INR",
    member_id: UUID | None = None,
    api_key_id: UUID | None = None,
    gateway_code: str | None = None,
    coupon_code: str = "",
    pay_by: PayBy = PayBy.CHECKOUT,
) -> TopUpRow:
    """A top-up with its order at the gateway. The same key and amount give the same top-up, however often.

    Raises InvalidRequest, BillingDetailsMissing, IdempotencyKeyReused, NotFound, NoGatewayConfigured, GatewayRefused,
    and GatewayUnavailable (nothing was started; the same key may be used again). Where the gateway's answer was lost
    the top-up comes back pending, without its order: `begin_checkout` or `look_again` asks again.
    """
    chosen = _chosen(gateway_code)
    _check(amount_minor, currency, idempotency_key, chosen, pay_by)
    starter = Starter(organisation_id, idempotency_key, member_id, api_key_id)
    wish = _Wish(amount_minor, currency, chosen, coupon_code, pay_by)
    top_up = find_top_up(starter) or _create_for_credits(starter, wish)
    wanted = (amount_minor, currency, TopUpPurpose.CREDITS, pay_by)
    if (top_up.amount_minor, top_up.currency, top_up.purpose, top_up.pay_by) != wanted:
        raise IdempotencyKeyReused
    if gateway_code and top_up.gateway_code != gateway_code:
        raise IdempotencyKeyReused
    return with_order(top_up)


def with_order(top_up: TopUp) -> TopUpRow:
    """The top-up with its order, where it may still be paid. Raises GatewayRefused, GatewayUnavailable."""
    if TopUpState(top_up.state).is_open and top_up.expires_at > utc_now():
        top_up = ensure_order(top_up)
    return top_up_row(top_up)


def find_top_up(starter: Starter) -> TopUp | None:
    """What the key has made before."""
    mine = TopUp.objects.filter(organisation_id=starter.organisation_id, idempotency_key=starter.idempotency_key)
    return mine.first()


def save_top_up(top_up: TopUp, starter: Starter, beside: Callable[[], None]) -> TopUp:
    """Saves it with what `beside` writes, or gives what a call with the same key saved a moment before."""
    try:
        with in_transaction():
            top_up.save(force_insert=True)
            beside()
    except IntegrityError:
        found = find_top_up(starter)
        if found is None:
            raise
        return found
    return top_up


def new_top_up(
    starter: Starter, quote: TopUpQuote, *, currency: str, chosen: Gateway, pay_by: PayBy = PayBy.CHECKOUT
) -> TopUp:
    """Not saved yet, its figures frozen as quoted. Raises BillingDetailsMissing, NotFound."""
    organisation = tenancy.organisation(organisation_id=starter.organisation_id)
    require_billing_details(organisation, quote.amount_minor)
    now = utc_now()
    return TopUp(
        organisation_id=starter.organisation_id,
        member_id=starter.member_id,
        api_key_id=starter.api_key_id,
        idempotency_key=starter.idempotency_key,
        currency=currency,
        amount_minor=quote.amount_minor,
        tax_minor=quote.tax_minor,
        total_minor=quote.total_minor,
        tax_lines=[asdict(line) for line in quote.tax_lines],
        parties=frozen_parties(organisation),
        credits_micro=quote.credits_micro,
        credits_micro_per_rupee=quote.credits_micro_per_rupee,
        bonus_micro=quote.bonus.credits_micro,
        bonus_expires_after_days=quote.bonus.expires_after_days,
        gateway_code=chosen.code,
        mode=chosen.mode,
        pay_by=pay_by,
        created_at=now,
        expires_at=now + TIMES_TO_PAY[pay_by],
        check_due_at=now + TIMES_TO_PAY[pay_by],
    )


def _chosen(gateway_code: str | None) -> Gateway:
    """Raises NoGatewayConfigured, InvalidRequest."""
    standard = default_gateway()
    try:
        return gateway(gateway_code) if gateway_code else standard
    except UnknownGateway as error:
        detail = f"Configured here: {', '.join(known.code for known in gateways())}."
        raise InvalidRequest([field_problem("gateway", "unknown", detail)]) from error


def _create_for_credits(starter: Starter, wish: _Wish) -> TopUp:
    """A coupon is locked before its uses are counted, and reserved in the same transaction."""
    organisation_id, amount_minor, coupon_code = starter.organisation_id, wish.amount_minor, wish.coupon_code
    with in_transaction():
        coupon = locked_coupon(coupon_code) if coupon_code else None
        if coupon is not None and (found := find_top_up(starter)) is not None:
            return found
        if coupon is not None:
            require_good_coupon(coupon, organisation_id=organisation_id, amount_minor=amount_minor)
        quote = queries.quote(organisation_id=organisation_id, amount_minor=amount_minor, coupon_code=coupon_code)
        _check_upi_maximum(wish, quote)
        top_up = new_top_up(starter, quote, currency=wish.currency, chosen=wish.chosen, pay_by=wish.pay_by)

        def reserve() -> None:
            if coupon is not None and quote.bonus.is_coupons:
                CouponUse.objects.create(top_up=top_up, coupon=coupon, organisation_id=organisation_id)

        return save_top_up(top_up, starter, reserve)


def require_billing_details(organisation: Organisation, amount_minor: int) -> None:
    """The name stands on every invoice, the address on VAT's and, from ₹50,000 without a GSTIN, on GST's."""
    scheme = tax_scheme()
    is_large = amount_minor >= ADDRESS_REQUIRED_FROM_MINOR and not organisation.gstin
    is_address_needed = scheme is TaxScheme.VAT or (scheme.has_states and is_large)
    missing = [
        name
        for name, is_needed in (("state_code", scheme.has_states), ("legal_name", True), ("address", is_address_needed))
        if is_needed and not getattr(organisation, name)
    ]
    if missing:
        raise BillingDetailsMissing(missing=missing)


def _check_upi_maximum(wish: _Wish, quote: TopUpQuote) -> None:
    """The checkout offers other methods above it; a QR code cannot. Raises InvalidRequest."""
    maximum_minor = wish.chosen.capabilities.upi_maximum_minor
    if wish.pay_by is PayBy.UPI_QR and quote.total_minor > maximum_minor:
        detail = f"UPI takes at most {_rupees(maximum_minor)} in one payment, tax included."
        raise InvalidRequest([field_problem("pay_by", "above_maximum", detail)])


def _check(amount_minor: int, currency: str, idempotency_key: str, chosen: Gateway, pay_by: PayBy) -> None:
    price = pricing.credit_price()
    problems = []
    if amount_minor < price.minimum_minor:
        detail = f"The smallest amount is {_rupees(price.minimum_minor)}."
        problems.append(field_problem("amount", "below_minimum", detail))
    if amount_minor > price.maximum_minor:
        detail = f"The largest amount is {_rupees(price.maximum_minor)}."
        problems.append(field_problem("amount", "above_maximum", detail))
    if currency not in chosen.capabilities.currencies:
        problems.append(field_problem("currency", "unsupported", f"{chosen.display_name} takes no {currency} here."))
    if pay_by not in chosen.capabilities.ways:
        detail = f"{chosen.display_name} has no {_WAY_WORDS[pay_by]}."
        problems.append(field_problem("pay_by", "unsupported", detail))
    if not idempotency_key.isprintable() or not 0 < len(idempotency_key) <= KEY_LENGTH_MAX:
        detail = f"The idempotency key must be 1 to {KEY_LENGTH_MAX} printable characters."
        problems.append(field_problem("idempotency_key", "invalid", detail))
    if problems:
        raise InvalidRequest(problems)


def _rupees(amount_minor: int) -> str:
    return f"₹{group_indian(amount_minor // 100)}{money_text(amount_minor)[-3:]}"
