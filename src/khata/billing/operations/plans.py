"""What the operator does with plans: offer and retire them. A plan that was offered is never changed."""

import re

from django.db import IntegrityError

from khata.billing.core.plans import Plan
from khata.billing.models import Plan as PlanModel
from khata.billing.queries.plans import OFFERED_MAX, plan_row
from khata.kernel.clock import utc_now
from khata.kernel.credits import AMOUNT_MICRO_MAX
from khata.kernel.errors import FieldProblem, InvalidRequest, NotFound, field_problem
from khata.kernel.transactions import in_transaction, needs_database

_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CODE_LENGTH_MAX = _NAME_LENGTH_MAX = 40
_BENEFIT_LENGTH_MAX, _BENEFITS_MAX = 120, 12
_FEE_MINOR_MAX = 10_00_000_00
_RUPEE_MINOR = 100
_PLANS_LOCK = 0x6B68706C616E73


@needs_database
def add_plan(
    *,
    code: str,
    name: str,
    fee_minor: int,
    included_micro: int,
    credits_micro_per_rupee: int,
    benefits: tuple[str, ...] = (),
) -> Plan:
    """Offers a plan from now on. Raises InvalidRequest."""
    problems = list(_problems(code, name, fee_minor, included_micro, credits_micro_per_rupee, benefits))
    if problems:
        raise InvalidRequest(problems)
    row = PlanModel(
        code=code,
        name=name,
        fee_minor=fee_minor,
        included_micro=included_micro,
        credits_micro_per_rupee=credits_micro_per_rupee,
        benefits=list(benefits),
    )
    try:
        with in_transaction() as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", (_PLANS_LOCK,))
            _require_room()
            row.save(force_insert=True)
    except IntegrityError:
        raise InvalidRequest([field_problem("code", "taken", f"There is or was a plan {code} already.")]) from None
    return plan_row(row)


@needs_database
def retire_plan(*, code: str) -> Plan:
    """Offers it to nobody new; who has it keeps it and may renew it. Raises NotFound."""
    row = PlanModel.objects.filter(code=code).first()
    if row is None:
        raise NotFound(f"There is no plan {code}.")
    PlanModel.objects.filter(id=row.id, retired_at=None).update(retired_at=utc_now())
    row.refresh_from_db()
    return plan_row(row)


def _require_room() -> None:
    if PlanModel.objects.filter(retired_at=None).count() >= OFFERED_MAX:
        detail = f"At most {OFFERED_MAX} plans are offered at a time. Retire one first."
        raise InvalidRequest([field_problem("code", "too_many", detail)])


def _problems(
    code: str,
    name: str,
    fee_minor: int,
    included_micro: int,
    credits_micro_per_rupee: int,
    benefits: tuple[str, ...],
) -> "list[FieldProblem]":
    checks = (
        (
            bool(_CODE.fullmatch(code)) and len(code) <= _CODE_LENGTH_MAX,
            field_problem("code", "invalid", "A code is small letters, digits and hyphens, at most 40."),
        ),
        (
            name.isprintable() and 0 < len(name.strip()) <= _NAME_LENGTH_MAX,
            field_problem("name", "invalid", "A name has 1 to 40 printable characters."),
        ),
        (
            fee_minor == 0 or _RUPEE_MINOR <= fee_minor <= _FEE_MINOR_MAX,
            field_problem("fee", "out_of_range", "A fee is 0, or from ₹1 to ₹10,00,000."),
        ),
        (
            0 < included_micro <= AMOUNT_MICRO_MAX,
            field_problem("credits", "out_of_range", "A plan includes credits, above zero."),
        ),
        (
            0 < credits_micro_per_rupee <= AMOUNT_MICRO_MAX,
            field_problem("credits_per_rupee", "out_of_range", "A rupee buys credits, above zero."),
        ),
        (
            len(benefits) <= _BENEFITS_MAX
            and all(line.isprintable() and 0 < len(line.strip()) <= _BENEFIT_LENGTH_MAX for line in benefits),
            field_problem("benefits", "invalid", "At most 12 benefits of 1 to 120 printable characters."),
        ),
    )
    return [problem for is_good, problem in checks if not is_good]
