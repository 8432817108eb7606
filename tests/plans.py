"""Plans for tests, and time that passes for one organisation.

Imports stand inside the functions: this file is read before Django is set up.
"""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.owner import owner_connection

if TYPE_CHECKING:
    from khata.billing.core.plans import Plan
    from khata.tenancy.models import Organisation

MICRO = 1_000_000


def offered(name: str, *, fee_minor: int, included: int, per_rupee: int) -> "Plan":
    """A plan nobody else has, with `included` credits; it takes the place of an earlier test's."""
    from khata.billing import models
    from khata.billing.operations.plans import add_plan, retire_plan
    from khata.billing.queries.plans import OFFERED_MAX

    others = models.Plan.objects.filter(retired_at=None).order_by("-created_at")
    for plan in [*others.filter(name=name), *others.exclude(name=name)[OFFERED_MAX - 1 :]]:
        retire_plan(code=plan.code)
    return add_plan(
        code=f"{name.lower()}-{uuid4().hex[:8]}",
        name=name,
        fee_minor=fee_minor,
        included_micro=included * MICRO,
        credits_micro_per_rupee=per_rupee * MICRO,
        benefits=("Help by e-mail",),
    )


def grown_older(organisation: "Organisation", span: timedelta) -> None:
    """Everything of its plan lies that much further back; its credits, sealed by the ledger, stay as they are."""
    of_plan = "where subscription_id = (select id from billing_subscription where organisation_id = %s)"
    top_ups = "update billing_topup set expires_at = expires_at - %s where organisation_id = %s and purpose = 'plan'"
    with owner_connection() as connection:
        connection.execute(
            "update billing_subscription set paid_until = paid_until - %s, anchor_at = anchor_at - %s,"
            " due_at = due_at - %s where organisation_id = %s",
            (span, span, span, organisation.id),
        )
        connection.execute(
            f"update billing_planperiod set starts_at = starts_at - %s, ends_at = ends_at - %s {of_plan}",
            (span, span, organisation.id),
        )
        connection.execute(top_ups, (span, organisation.id))
