"""Writing a plan's periods and what they grant, in the caller's transaction and under the subscription's lock."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from khata.billing.core.subscription_life import Started, Subscription, look_due_at, start_period
from khata.billing.models import PlanPayment, PlanPeriod, TopUp
from khata.billing.models import Subscription as SubscriptionRow
from khata.billing.queries.plans import plan_row, subscription_facts
from khata.ledger.core import Grant

_GRANTS = uuid5(NAMESPACE_URL, "urn:khata:plan-period")


def start_paid_period(top_up: TopUp, reference: UUID, now: datetime) -> Grant:
    """The month a plan's payment brings, saved; what is to be posted for it. The caller holds the top-up's lock."""
    payment = PlanPayment.objects.select_related("plan").get(top_up=top_up)
    row = locked_subscription(payment.subscription_id)
    started = start_period(subscription_facts(row), payment.plan_id, now, zone_of(row))
    return write_started(row, started, included_micro=top_up.credits_micro, reference=reference, top_up=top_up)


def free_period_reference(row: SubscriptionRow, number: int) -> UUID:
    """The same for the same period, however often it is begun: the ledger's key against a second grant."""
    return uuid5(_GRANTS, f"{row.id}:{number}")


def write_started(
    row: SubscriptionRow, started: Started, *, included_micro: int, reference: UUID, top_up: TopUp | None = None
) -> Grant:
    period = started.period
    row.renewal = None
    save_subscription(row, started.subscription)
    PlanPeriod.objects.create(
        subscription=row,
        number=period.number,
        plan_id=period.plan_id,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        top_up=top_up,
        reference=reference,
    )
    return Grant(row.organisation_id, reference, included_micro, period.ends_at)


def save_subscription(row: SubscriptionRow, after: Subscription) -> None:
    """The row as decided, and when to look at it next."""
    row.state = after.state
    row.plan_id, row.next_plan_id = after.plan_id, after.next_plan_id
    row.is_ending = after.is_ending
    row.paid_until, row.anchor_at, row.anchor_months = after.paid_until, after.anchor_at, after.anchor_months
    row.periods_count = after.periods_count
    next_plan = plan_row(row.next_plan or row.plan)
    row.due_at = look_due_at(after, next_plan, is_asked_for=row.renewal_id is not None)
    row.save()


def locked_subscription(subscription_id: UUID) -> SubscriptionRow:
    return (
        SubscriptionRow.objects.select_for_update(of=("self",)).select_related("organisation").get(id=subscription_id)
    )


def zone_of(row: SubscriptionRow) -> ZoneInfo:
    """The organisation's own: a month there is what its calendar says."""
    return ZoneInfo(row.organisation.time_zone)
