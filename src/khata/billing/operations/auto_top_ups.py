"""What an owner does about auto top-up: sets it up, changes its terms, goes on after a pause, stops it."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from khata.billing import queries
from khata.billing.core.auto_top_up import AutoTopUpState
from khata.billing.errors import AutoTopUpIsOff, AutoTopUpIsOn
from khata.billing.models import AutoTopUp, TopUp
from khata.billing.operations.deferral import FORGET_MANDATE, defer
from khata.billing.operations.mandates import MandateNotForgotten, forget_mandate
from khata.billing.operations.top_ups import Starter, find_top_up, new_top_up, save_top_up, with_order
from khata.billing.queries import TopUpQuote, TopUpRow
from khata.billing.queries.auto_top_ups import pausing_ids
from khata.kernel.clock import utc_now
from khata.kernel.credits import AMOUNT_MICRO_MAX
from khata.kernel.errors import FieldProblem, InvalidRequest, field_problem
from khata.kernel.ids import public_organisation_id
from khata.kernel.money import group_indian
from khata.kernel.transactions import in_transaction, needs_database
from khata.payments.errors import GatewayRefused, GatewayUnavailable
from khata.payments.port import Gateway, Refused
from khata.payments.registry import gateway
from khata.payments.saved_methods import Customer, CustomerRequest
from khata.pricing import queries as pricing
from khata.tenancy import queries as tenancy

CURRENCY = "INR"

_RUNNING = (AutoTopUpState.ON.value, AutoTopUpState.PAUSED.value)


@dataclass(frozen=True, slots=True)
class AutoTopUpTerms:
    """What an owner chooses: `amount_minor` before tax, `cap_minor` with it, in a calendar month."""

    amount_minor: int
    level_credits_micro: int
    cap_minor: int


@needs_database
def start_auto_top_up(
    *, organisation_id: int, terms: AutoTopUpTerms, gateway_code: str, idempotency_key: str, member_id: UUID | None
) -> TopUpRow:
    """An ordinary first top-up whose payer also lets us charge again; once it is paid, auto top-up is on.

    Raises InvalidRequest, AutoTopUpIsOn, BillingDetailsMissing, NotFound, UnknownGateway, GatewayRefused and
    GatewayUnavailable (nothing was started; the same key may be used again).
    """
    chosen = gateway(gateway_code)
    quote = _checked(organisation_id, terms, chosen)
    starter = Starter(organisation_id, idempotency_key, member_id)
    top_up = find_top_up(starter)
    if top_up is None:
        _make_way(organisation_id)
        customer_ref = _customer(organisation_id, chosen)
        top_up = new_top_up(starter, quote, currency=CURRENCY, chosen=chosen)
        top_up.customer_ref = customer_ref
        top_up.mandate_max_minor = min(terms.cap_minor, chosen.capabilities.unattended_maximum_minor)
        top_up = _save(top_up, starter, terms)
    return with_order(top_up)


@needs_database
def change_auto_top_up(*, organisation_id: int, terms: AutoTopUpTerms) -> None:
    """Within the mandate there is: what is charged at once may not exceed it. Raises InvalidRequest, AutoTopUpIsOff."""
    with in_transaction():
        row = _running(organisation_id)
        quote = _checked(organisation_id, terms, gateway(row.gateway_code))
        if quote.total_minor > row.mandate_max_minor:
            detail = f"Your bank allows {_rupees(row.mandate_max_minor)} at once. Stop, and set it up again for more."
            raise InvalidRequest([field_problem("amount", "above_mandate", detail)])
        _write_terms(row, terms)
        row.save()


@needs_database
def resume_auto_top_up(*, organisation_id: int) -> None:
    """Goes on from whatever it was paused for. Raises AutoTopUpIsOff."""
    with in_transaction():
        row = _running(organisation_id)
        row.state, row.pause_reason = AutoTopUpState.ON, ""
        row.failures_count, row.next_try_at, row.problem = 0, None, ""
        row.known_ids = pausing_ids(row)
        row.changed_at = utc_now()
        row.save()


@needs_database
def stop_auto_top_up(*, organisation_id: int) -> None:
    """At once and at any time; a job ends the mandate at the gateway. A second call changes nothing."""
    with in_transaction():
        row = AutoTopUp.objects.select_for_update().filter(organisation_id=organisation_id).first()
        if row is None or row.state == AutoTopUpState.OFF:
            return
        row.state, row.pause_reason, row.problem = AutoTopUpState.OFF, "", ""
        row.failures_count, row.next_try_at = 0, None
        row.changed_at = utc_now()
        row.save()
        if row.token_ref:
            defer(FORGET_MANDATE, row.id)


def _running(organisation_id: int) -> AutoTopUp:
    mine = AutoTopUp.objects.select_for_update().filter(organisation_id=organisation_id, state__in=_RUNNING)
    row = mine.first()
    if row is None:
        raise AutoTopUpIsOff
    return row


def _make_way(organisation_id: int) -> None:
    """A mandate that was stopped is forgotten before there is another. Raises AutoTopUpIsOn, GatewayUnavailable."""
    row = AutoTopUp.objects.filter(organisation_id=organisation_id).first()
    if row is None:
        return
    if row.state in _RUNNING:
        raise AutoTopUpIsOn
    try:
        forget_mandate(auto_top_up_id=row.id)
    except MandateNotForgotten as error:
        raise GatewayUnavailable from error


def _customer(organisation_id: int, chosen: Gateway) -> str:
    """Raises GatewayRefused, GatewayUnavailable."""
    known = AutoTopUp.objects.filter(
        organisation_id=organisation_id, gateway_code=chosen.code, mode=chosen.mode
    ).exclude(customer_ref="")
    if (row := known.first()) is not None:
        return row.customer_ref
    organisation = tenancy.organisation(organisation_id=organisation_id)
    answer = chosen.register_customer(
        CustomerRequest(
            receipt=public_organisation_id(organisation_id),
            name=organisation.legal_name or organisation.name,
            email=tenancy.owner_email(organisation_id=organisation_id),
            contact=organisation.phone,
        )
    )
    if isinstance(answer, Customer):
        return answer.customer_ref
    raise GatewayRefused if isinstance(answer, Refused) else GatewayUnavailable


def _save(top_up: TopUp, starter: Starter, terms: AutoTopUpTerms) -> TopUp:
    """The top-up with the row that waits for its payment."""

    def wait_for_it() -> None:
        row, _ = AutoTopUp.objects.select_for_update().get_or_create(
            organisation_id=top_up.organisation_id,
            defaults={
                "amount_minor": terms.amount_minor,
                "level_credits_micro": terms.level_credits_micro,
                "cap_minor": terms.cap_minor,
            },
        )
        if row.state in _RUNNING:
            raise AutoTopUpIsOn
        _write_terms(row, terms)
        row.state = AutoTopUpState.PENDING_MANDATE
        row.gateway_code, row.mode = top_up.gateway_code, top_up.mode
        row.customer_ref, row.token_ref, row.method_detail = top_up.customer_ref, "", ""
        row.mandate_max_minor = top_up.mandate_max_minor or 0
        row.first_top_up, row.under_way, row.problem = top_up, None, ""
        row.save()

    return save_top_up(top_up, starter, wait_for_it)


def _write_terms(row: AutoTopUp, terms: AutoTopUpTerms) -> None:
    row.amount_minor = terms.amount_minor
    row.level_credits_micro = terms.level_credits_micro
    row.cap_minor = terms.cap_minor
    row.changed_at = utc_now()


def _checked(organisation_id: int, terms: AutoTopUpTerms, chosen: Gateway) -> TopUpQuote:
    """Raises InvalidRequest."""
    quote = queries.quote(organisation_id=organisation_id, amount_minor=max(terms.amount_minor, 1))
    problems = list(_problems(terms, quote, chosen))
    if problems:
        raise InvalidRequest(problems)
    return quote


def _problems(terms: AutoTopUpTerms, quote: TopUpQuote, chosen: Gateway) -> Iterator[FieldProblem]:
    price, most_minor = pricing.credit_price(), chosen.capabilities.unattended_maximum_minor
    if not chosen.capabilities.has_saved_methods or CURRENCY not in chosen.capabilities.currencies:
        detail = f"{chosen.display_name} cannot charge by itself here."
        yield field_problem("gateway", "unsupported", detail)
    if terms.amount_minor < price.minimum_minor:
        yield field_problem("amount", "below_minimum", f"The smallest amount is {_rupees(price.minimum_minor)}.")
    elif quote.total_minor > min(most_minor, price.maximum_minor + quote.tax_minor):
        detail = f"At most {_rupees(most_minor)} with tax: above it your bank asks you every time."
        yield field_problem("amount", "above_maximum", detail)
    elif terms.cap_minor < quote.total_minor:
        detail = f"One payment is {_rupees(quote.total_minor)} with tax, so a smaller cap would never let one through."
        yield field_problem("cap", "below_payment", detail)
    if not 0 <= terms.level_credits_micro <= AMOUNT_MICRO_MAX:
        yield field_problem("level", "out_of_range", "Choose a number of credits, or 0.")


def _rupees(amount_minor: int) -> str:
    return f"₹{group_indian(amount_minor // 100)}.{amount_minor % 100:02d}"
