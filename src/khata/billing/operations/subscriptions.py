"""Choosing a plan, changing and cancelling it, and what time does to it.

A plan with a fee is paid as credits are: by a top-up, through the same checkout, settled by the same settle. Everything
else takes effect at the end of what is paid, and none of it touches credits that were bought.
"""

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg

from khata.billing import queries
from khata.billing.core.plans import Plan
from khata.billing.core.purposes import TopUpPurpose
from khata.billing.core.subscription_life import (
    Started,
    Subscription,
    SubscriptionState,
    cancel,
    change_plan,
    end_period,
    start_period,
    wants_renewal,
)
from khata.billing.errors import IdempotencyKeyReused, NoPlan, PlanRunning
from khata.billing.models import PlanPayment, TopUp
from khata.billing.models import Subscription as SubscriptionRow
from khata.billing.operations.checkouts import cancel_top_up
from khata.billing.operations.checks import BATCH_SIZE
from khata.billing.operations.deferral import SEND_PLAN_LAPSED_MAIL, SEND_RENEWAL_MAIL, defer
from khata.billing.operations.plan_periods import (
    free_period_reference,
    locked_subscription,
    save_subscription,
    write_started,
    zone_of,
)
from khata.billing.operations.top_ups import (
    Starter,
    find_top_up,
    new_top_up,
    require_billing_details,
    save_top_up,
    with_order,
)
from khata.billing.queries import TopUpRow
from khata.billing.queries.plans import plan_row, subscription_facts
from khata.kernel.clock import utc_now
from khata.kernel.errors import KhataError
from khata.kernel.ids import new_uuid
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger import operations as ledger
from khata.ledger.core import Grant
from khata.payments.registry import default_gateway, gateway
from khata.tenancy import queries as tenancy

logger = logging.getLogger(__name__)


class PlanCreditsNotPosted(RuntimeError):
    """The ledger did not take included credits that must be possible: nothing was changed, and a person must look."""


@needs_database
def subscribe(
    *,
    organisation_id: int,
    plan_code: str,
    idempotency_key: str,
    member_id: UUID | None = None,
    gateway_code: str | None = None,
) -> TopUpRow | None:
    """The top-up that pays for the first month; None where a free plan has started at once.

    The same key gives the same top-up. Raises NotFound, PlanRunning (then it is changed, see `choose_next_plan`) and
    whatever `start_top_up` raises.
    """
    plan = queries.plan_offered(code=plan_code)
    if plan.is_free:
        _start_free(organisation_id, plan)
        return None
    if queries.plan_standing(organisation_id=organisation_id) is not None:
        raise PlanRunning
    starter = Starter(organisation_id, idempotency_key, member_id)
    return with_order(_payment_for(plan, starter, gateway_code))


@needs_database
def pay_plan_again(*, organisation_id: int, top_up_id: UUID, idempotency_key: str, member_id: UUID) -> TopUpRow:
    """A new top-up for a plan's payment that ended without money. Raises as `subscribe` does."""
    standing = queries.plan_standing(organisation_id=organisation_id)
    if standing is not None and standing.renewal_id is None:
        raise PlanRunning
    payment = PlanPayment.objects.select_related("plan").get(
        top_up_id=top_up_id, top_up__organisation_id=organisation_id
    )
    starter = Starter(organisation_id, idempotency_key, member_id)
    return with_order(_payment_for(plan_row(payment.plan), starter, None))


@needs_database
def choose_next_plan(*, organisation_id: int, plan_code: str) -> None:
    """Another plan from the end of what is paid; the present one's code takes a change or a cancellation back.

    Raises NotFound, NoPlan, BillingDetailsMissing.
    """
    standing = queries.plan_standing(organisation_id=organisation_id)
    if standing is None:
        raise NoPlan
    plan = standing.plan if plan_code == standing.plan.code else queries.plan_offered(code=plan_code)
    if not plan.is_free:
        require_billing_details(tenancy.organisation(organisation_id=organisation_id), plan.fee_minor)
    _change(organisation_id, lambda subscription: change_plan(subscription, plan.id))


@needs_database
def cancel_plan(*, organisation_id: int) -> None:
    """It runs to the end of what is paid and is not renewed. Raises NoPlan."""
    _change(organisation_id, cancel)


def look_after_subscriptions() -> int:
    """Asks for renewals, begins free months and ends what was not paid, wherever that is due. Returns how many.

    One that cannot be looked after keeps no other from its turn.
    """
    due = SubscriptionRow.objects.filter(due_at__lte=utc_now()).order_by("due_at")
    ids = list(due.values_list("id", flat=True)[:BATCH_SIZE])
    for subscription_id in ids:
        try:
            _look_after(subscription_id)
        except (KhataError, PlanCreditsNotPosted):
            logger.exception("subscription %s cannot be looked after", subscription_id)
    return len(ids)


def _payment_for(plan: Plan, starter: Starter, gateway_code: str | None) -> TopUp:
    chosen = gateway(gateway_code) if gateway_code else default_gateway()
    top_up = find_top_up(starter)
    if top_up is None:
        with in_transaction():
            row = _subscription_of(starter.organisation_id, plan)
            quote = queries.quote_plan(organisation_id=starter.organisation_id, plan=plan)
            top_up = _save_payment(row, plan, new_top_up(starter, quote, currency="INR", chosen=chosen), starter)
    if top_up.purpose != TopUpPurpose.PLAN or top_up.plan_payment.plan_id != plan.id:
        raise IdempotencyKeyReused
    return top_up


def _save_payment(row: SubscriptionRow, plan: Plan, top_up: TopUp, starter: Starter) -> TopUp:
    top_up.purpose = TopUpPurpose.PLAN

    def say_what_for() -> None:
        PlanPayment.objects.create(top_up=top_up, subscription=row, plan_id=plan.id)

    return save_top_up(top_up, starter, say_what_for)


def _subscription_of(organisation_id: int, plan: Plan) -> SubscriptionRow:
    row, _ = SubscriptionRow.objects.get_or_create(organisation_id=organisation_id, defaults={"plan_id": plan.id})
    return row


def _start_free(organisation_id: int, plan: Plan) -> None:
    with in_transaction() as connection:
        row = locked_subscription(_subscription_of(organisation_id, plan).id)
        now = utc_now()
        if subscription_facts(row).is_running(now):
            raise PlanRunning
        _begin_free(connection, row, start_period(subscription_facts(row), plan.id, now, zone_of(row)), plan)


def _begin_free(connection: psycopg.Connection[Any], row: SubscriptionRow, started: Started, plan: Plan) -> None:
    reference = free_period_reference(row, started.period.number)
    _post(connection, write_started(row, started, included_micro=plan.included_micro, reference=reference))


def _post(connection: psycopg.Connection[Any], grant: Grant) -> None:
    (outcome,) = ledger.post_batch(connection, [grant])
    if not outcome.condition.is_effective:
        raise PlanCreditsNotPosted(f"organisation {grant.organisation_id}: {outcome.condition.value}")


def _change(organisation_id: int, decide: Callable[[Subscription], Subscription]) -> None:
    """What was asked for the next month is asked for no more; a payment of it that is on its way still counts."""
    with in_transaction():
        row = SubscriptionRow.objects.filter(organisation_id=organisation_id).first()
        if row is None or not subscription_facts(row := locked_subscription(row.id)).is_running(utc_now()):
            raise NoPlan
        renewal_id, row.renewal = row.renewal_id, None
        save_subscription(row, decide(subscription_facts(row)))
    if renewal_id is not None:
        cancel_top_up(organisation_id=organisation_id, top_up_id=renewal_id)


def _look_after(subscription_id: UUID) -> None:
    with in_transaction() as connection:
        row = locked_subscription(subscription_id)
        now = utc_now()
        facts, next_plan = subscription_facts(row), plan_row(row.next_plan or row.plan)
        if row.renewal_id is None and wants_renewal(facts, next_plan, now):
            _ask_for_renewal(row, next_plan)
            return
        after = end_period(facts, next_plan, now, zone_of(row))
        if isinstance(after, Started):
            _begin_free(connection, row, after, next_plan)
            return
        save_subscription(row, after or facts)
        if after is not None and after.state is SubscriptionState.LAPSED:
            defer(SEND_PLAN_LAPSED_MAIL, row.id)


def _ask_for_renewal(row: SubscriptionRow, plan: Plan) -> None:
    """It can be paid until what is paid ends; its order is made when somebody begins to."""
    starter = Starter(row.organisation_id, f"renewal:{new_uuid()}")
    quote = queries.quote_plan(organisation_id=row.organisation_id, plan=plan)
    top_up = new_top_up(starter, quote, currency="INR", chosen=default_gateway())
    assert row.paid_until is not None
    top_up.expires_at = top_up.check_due_at = row.paid_until
    row.renewal = _save_payment(row, plan, top_up, starter)
    save_subscription(row, subscription_facts(row))
    defer(SEND_RENEWAL_MAIL, top_up.id)
