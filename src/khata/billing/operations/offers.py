"""Coupons and bonuses: what the operator offers, and what becomes of it when a top-up is started and paid.

A coupon is reserved by a top-up while that can be paid, and used once it is. Both are decided under its lock.
"""

import logging
import re
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import IntegrityError

from khata.billing.core.offers import Coupon, CouponRefusal, coupon_refusal
from khata.billing.models import Coupon as CouponModel
from khata.billing.models import CouponUse, TopUp
from khata.billing.queries.offers import coupon_row, coupon_uses, normalised_code
from khata.kernel.clock import utc_now
from khata.kernel.credits import AMOUNT_MICRO_MAX
from khata.kernel.errors import FieldProblem, InvalidRequest, NotFound, field_problem
from khata.kernel.money import group_indian, money_text
from khata.kernel.transactions import in_transaction, needs_database

_BONUSES = uuid5(NAMESPACE_URL, "urn:khata:bonus")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{2,39}")
BONUS_BP_MAX = 10_000
DAYS_MAX = 3_650

logger = logging.getLogger(__name__)


@needs_database
def add_coupon(coupon: Coupon) -> Coupon:
    """Offers a code from now on. Raises InvalidRequest."""
    coupon_code = normalised_code(coupon.code)
    if problems := list(_problems(coupon, coupon_code)):
        raise InvalidRequest(problems)
    row = CouponModel(
        code=coupon_code,
        bonus_bp=coupon.bonus_bp,
        bonus_micro=coupon.bonus_micro,
        minimum_minor=coupon.minimum_minor,
        valid_until=coupon.valid_until,
        uses_max=coupon.uses_max,
        expires_after_days=coupon.expires_after_days,
    )
    try:
        with in_transaction():
            row.save(force_insert=True)
    except IntegrityError:
        raise InvalidRequest([field_problem("code", "taken", f"There is or was a coupon {row.code}.")]) from None
    return coupon_row(row)


@needs_database
def retire_coupon(*, code: str) -> None:
    """Nobody can start with it any more; what was started with it keeps its bonus. Raises NotFound."""
    rows = CouponModel.objects.filter(code=normalised_code(code))
    if not rows.exists():
        raise NotFound(f"There is no coupon {normalised_code(code)}.")
    rows.filter(retired_at=None).update(retired_at=utc_now())


def locked_coupon(code: str) -> CouponModel:
    """The coupon somebody typed. Raises InvalidRequest where there is none."""
    row = CouponModel.objects.select_for_update().filter(code=normalised_code(code)).first()
    if row is None:
        raise InvalidRequest([_refused(CouponRefusal.UNKNOWN, None)])
    return row


def require_good_coupon(row: CouponModel, *, organisation_id: int, amount_minor: int) -> None:
    """Under its lock, so that what is true now stays true until it is reserved. Raises InvalidRequest."""
    coupon = coupon_row(row)
    uses = coupon_uses(row, organisation_id)
    refusal = coupon_refusal(coupon, amount_minor=amount_minor, uses=uses, now=utc_now())
    if refusal is not None:
        raise InvalidRequest([_refused(refusal, coupon)])


def use_coupon(top_up: TopUp, now: datetime) -> None:
    """Counts the coupon of a top-up that is being credited. The caller holds the top-up's lock.

    A payment that came after its top-up had ended finds its reservation gone; where somebody else has the last use
    meanwhile, it comes without the bonus.
    """
    use = CouponUse.objects.filter(top_up=top_up).first()
    if use is None:
        return
    row = CouponModel.objects.select_for_update().get(id=use.coupon_id)
    uses = coupon_uses(row, top_up.organisation_id, but_for=top_up)
    if uses.own_count or (row.uses_max is not None and uses.count >= row.uses_max):
        logger.warning("top-up %s: paid after its coupon %s was used elsewhere", top_up.public_id, row.code)
        top_up.bonus_micro = 0
        top_up.save(update_fields=["bonus_micro"])
        return
    use.used_at = now
    use.save(update_fields=["used_at"])


def bonus_reference(purchase: UUID) -> UUID:
    """The ledger's reference of the bonus that came with a purchase."""
    return uuid5(_BONUSES, str(purchase))


def _refused(refusal: CouponRefusal, coupon: Coupon | None) -> FieldProblem:
    minimum = f"₹{group_indian(coupon.minimum_minor // 100)}{money_text(coupon.minimum_minor)[-3:]}" if coupon else ""
    details = {
        CouponRefusal.UNKNOWN: "There is no such coupon. Check how it is written.",
        CouponRefusal.OVER: "This coupon is over.",
        CouponRefusal.USED_BEFORE: "You have used this coupon, or a payment with it is not finished yet.",
        CouponRefusal.USED_UP: "This coupon has been used as often as it can be.",
        CouponRefusal.BELOW_MINIMUM: f"This coupon is for amounts from {minimum}.",
    }
    return field_problem("coupon", refusal.value, details[refusal])


def _problems(coupon: Coupon, coupon_code: str) -> list[FieldProblem]:
    days = coupon.expires_after_days
    is_one = (coupon.bonus_bp is None) != (coupon.bonus_micro is None)
    checks = (
        (
            bool(_CODE.fullmatch(coupon_code)),
            field_problem("code", "invalid", "A code is 3 to 40 letters, digits and hyphens."),
        ),
        (is_one, field_problem("bonus", "one_of_two", "Give either a percentage or a number of credits.")),
        (
            coupon.bonus_bp is None or 0 < coupon.bonus_bp <= BONUS_BP_MAX,
            field_problem("percent", "out_of_range", "A bonus is above 0 and at most 100 percent."),
        ),
        (
            coupon.bonus_micro is None or 0 < coupon.bonus_micro <= AMOUNT_MICRO_MAX,
            field_problem("credits", "out_of_range", "Give credits above zero."),
        ),
        (coupon.minimum_minor >= 0, field_problem("minimum", "out_of_range", "The smallest amount is not negative.")),
        (
            coupon.uses_max is None or coupon.uses_max > 0,
            field_problem("uses", "out_of_range", "Uses are 1 or more."),
        ),
        (
            days is None or 0 < days <= DAYS_MAX,
            field_problem("days", "out_of_range", f"Days are 1 to {DAYS_MAX}."),
        ),
    )
    return [problem for is_good, problem in checks if not is_good]
