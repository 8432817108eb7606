"""Reads of plans: what is offered, what an organisation has, and what its credits cost by it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khata.billing import models
from khata.billing.core.plans import Plan
from khata.billing.core.subscription_life import Subscription, SubscriptionState
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.ledger import queries as ledger
from khata.pricing import queries as pricing
from khata.pricing.core.credit_price import CreditPrice

OFFERED_MAX = 3
"""As many stand side by side."""


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """The plan an organisation has now, and what becomes of it."""

    plan: Plan
    period_starts_at: datetime
    period_ends_at: datetime
    """Of the period that runs now."""
    paid_until: datetime
    """Later than the period's end where the next one is paid already."""
    next_plan: Plan | None
    """Chosen for after that; None for the same one."""
    is_ending: bool
    renewal_id: UUID | None
    """The top-up that asks for the next period."""


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A month of a plan; `top_up_id` is what paid for it, None for a free plan's."""

    plan_name: str
    starts_at: datetime
    ends_at: datetime
    top_up_id: UUID | None


def plans_offered() -> list[Plan]:
    """Cheapest first."""
    rows = models.Plan.objects.filter(retired_at=None).order_by("fee_minor", "created_at")
    return [plan_row(row) for row in rows[:OFFERED_MAX]]


def all_plans() -> list[Plan]:
    """Retired ones too, cheapest first."""
    return [plan_row(row) for row in models.Plan.objects.order_by("fee_minor", "created_at")]


def plan_offered(*, code: str) -> Plan:
    """Raises NotFound."""
    found = next((plan for plan in plans_offered() if plan.code == code), None)
    if found is None:
        raise NotFound
    return found


def plan_standing(*, organisation_id: int) -> PlanStanding | None:
    """None for pay as you go."""
    now = utc_now()
    row = _subscription(organisation_id)
    if row is None or row.paid_until is None or not subscription_facts(row).is_running(now):
        return None
    # The first that has not ended: clocks of two machines may differ by the moment in which it began.
    period = row.periods.select_related("plan").filter(ends_at__gt=now).order_by("number")[0]
    return PlanStanding(
        plan=plan_row(period.plan),
        period_starts_at=period.starts_at,
        period_ends_at=period.ends_at,
        paid_until=row.paid_until,
        next_plan=_chosen_next(row, period),
        is_ending=row.is_ending,
        renewal_id=row.renewal_id,
    )


def credit_price(*, organisation_id: int) -> CreditPrice:
    """The price of credits by this organisation's plan, which never makes them dearer. Raises PricesMissing."""
    price = pricing.credit_price()
    standing = plan_standing(organisation_id=organisation_id)
    return price.at(max(price.credits_micro_per_rupee, standing.plan.credits_micro_per_rupee)) if standing else price


def included_left(*, organisation_id: int) -> int:
    """Micro-credits unspent of those included in the period that runs now; 0 for pay as you go."""
    mine = models.PlanPeriod.objects.filter(subscription__organisation_id=organisation_id, ends_at__gt=utc_now())
    period = mine.order_by("number").first()
    lot = ledger.granted_lot(organisation_id=organisation_id, grant=period.reference) if period else None
    return lot.remaining if lot else 0


def periods_by_reference(*, organisation_id: int, references: Collection[UUID]) -> dict[UUID, PeriodRow]:
    """The ledger's grants of included credits and the months they are for; unknown ones are left out."""
    rows = models.PlanPeriod.objects.select_related("plan").filter(
        subscription__organisation_id=organisation_id, reference__in=list(references)
    )
    return {row.reference: PeriodRow(row.plan.name, row.starts_at, row.ends_at, row.top_up_id) for row in rows}


def plan_grants_for_anyone(*, references: Collection[UUID]) -> set[UUID]:
    """Those of the ledger's references that grant a plan's included credits, of all organisations."""
    found = models.PlanPeriod.objects.filter(reference__in=list(references))
    return set(found.values_list("reference", flat=True))


def plan_row(row: models.Plan) -> Plan:
    return Plan(
        id=row.id,
        code=row.code,
        name=row.name,
        fee_minor=row.fee_minor,
        included_micro=row.included_micro,
        credits_micro_per_rupee=row.credits_micro_per_rupee,
        benefits=tuple(row.benefits),
        is_offered=row.retired_at is None,
    )


def subscription_facts(row: models.Subscription) -> Subscription:
    return Subscription(
        state=SubscriptionState(row.state),
        plan_id=row.plan_id,
        next_plan_id=row.next_plan_id,
        is_ending=row.is_ending,
        paid_until=row.paid_until,
        anchor_at=row.anchor_at,
        anchor_months=row.anchor_months,
        periods_count=row.periods_count,
    )


def _subscription(organisation_id: int) -> models.Subscription | None:
    rows = models.Subscription.objects.select_related("plan", "next_plan")
    return rows.filter(organisation_id=organisation_id).first()


def _chosen_next(row: models.Subscription, period: models.PlanPeriod) -> Plan | None:
    """What comes after the running period, where that is another plan: paid already, or chosen."""
    following = row.next_plan or row.plan
    return plan_row(following) if following.id != period.plan_id else None
