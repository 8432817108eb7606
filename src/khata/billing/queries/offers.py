"""Reads of bonuses: the coupon behind a code, and what an amount would bring."""

from django.db.models import Q

from khata.billing import models
from khata.billing.core.offers import Bonus, Coupon, CouponUses, best_bonus, is_use_reserved
from khata.billing.core.top_up_life import TopUpState
from khata.kernel.clock import utc_now
from khata.pricing import queries as pricing

_MAY_RESERVE = (TopUpState.CREATED, TopUpState.PENDING, TopUpState.REVIEW, TopUpState.FAILED)


def normalised_code(text: str) -> str:
    """As it is stored: "diwali 25" → "DIWALI25"."""
    return "".join(text.split()).upper()


def coupon_of(code: str) -> models.Coupon | None:
    """The row of what somebody typed."""
    return models.Coupon.objects.filter(code=normalised_code(code)).first()


def has_offers() -> bool:
    """Whether anybody could have a coupon now."""
    return models.Coupon.objects.filter(Q(valid_until=None) | Q(valid_until__gt=utc_now()), retired_at=None).exists()


def all_coupons() -> list[tuple[Coupon, int]]:
    """Each with how often it was paid with, newest first."""
    rows = models.Coupon.objects.order_by("-created_at")
    return [(coupon_row(row), row.uses.filter(used_at__isnull=False).count()) for row in rows]


def bonus(*, amount_minor: int, credits_micro: int, coupon: Coupon | None) -> Bonus:
    """What comes on top of these credits now."""
    return best_bonus(
        credits_micro=credits_micro, amount_minor=amount_minor, slabs=pricing.bonus_slabs(), coupon=coupon
    )


def coupon_uses(row: models.Coupon, organisation_id: int, *, but_for: models.TopUp | None = None) -> CouponUses:
    """Paid and reserved uses. Exact under the coupon's lock."""
    now = utc_now()
    others = row.uses.exclude(top_up=but_for) if but_for else row.uses.all()
    paid = others.filter(used_at__isnull=False)
    unpaid = others.filter(used_at=None, top_up__state__in=_MAY_RESERVE).select_related("top_up")
    reserved = [u for u in unpaid if is_use_reserved(TopUpState(u.top_up.state), u.top_up.expires_at, now)]
    own_count = sum(use.organisation_id == organisation_id for use in reserved)
    return CouponUses(
        count=paid.count() + len(reserved),
        own_count=own_count + paid.filter(organisation_id=organisation_id).count(),
    )


def coupon_row(row: models.Coupon) -> Coupon:
    return Coupon(
        code=row.code,
        bonus_bp=row.bonus_bp,
        bonus_micro=row.bonus_micro,
        minimum_minor=row.minimum_minor,
        valid_until=row.valid_until,
        uses_max=row.uses_max,
        expires_after_days=row.expires_after_days,
        is_offered=row.retired_at is None,
    )
