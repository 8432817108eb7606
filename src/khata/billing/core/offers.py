"""Bonus credits of a top-up: a slab's, or a coupon's where that is more. They do not add up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from khata.billing.core.top_up_life import TopUpState
from khata.pricing.core.bonus import BonusSlab, best_slab, bonus_of


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code the operator gives out. One of `bonus_bp` (basis points) and `bonus_micro` is set."""

    code: str
    bonus_bp: int | None
    bonus_micro: int | None
    minimum_minor: int
    """The smallest amount (paise, before tax) it is for."""
    valid_until: datetime | None
    uses_max: int | None
    """In total; None for any number. An organisation uses it once."""
    expires_after_days: int | None
    """When its bonus credits expire; None for never."""
    is_offered: bool


@dataclass(frozen=True, slots=True)
class Bonus:
    """Credits on top of those bought."""

    credits_micro: int
    expires_after_days: int | None = None
    is_coupons: bool = False


NO_BONUS = Bonus(0)


class CouponRefusal(StrEnum):
    """Why a coupon does not count."""

    UNKNOWN = "unknown"
    OVER = "over"
    BELOW_MINIMUM = "below_minimum"
    USED_UP = "used_up"
    USED_BEFORE = "used_before"


@dataclass(frozen=True, slots=True)
class CouponUses:
    """Uses paid or reserved: in all, and by the organisation that asks."""

    count: int
    own_count: int


def best_bonus(*, credits_micro: int, amount_minor: int, slabs: Iterable[BonusSlab], coupon: Coupon | None) -> Bonus:
    """Whichever gives more; of equals the slab's, which uses no coupon up."""
    slab = best_slab(slabs, amount_minor)
    best = Bonus(bonus_of(credits_micro, slab.bonus_bp), slab.expires_after_days) if slab else NO_BONUS
    if coupon is None:
        return best
    of_coupon = _coupon_bonus(coupon, credits_micro)
    if of_coupon <= best.credits_micro:
        return best
    return Bonus(of_coupon, coupon.expires_after_days, is_coupons=True)


def coupon_refusal(coupon: Coupon, *, amount_minor: int, uses: CouponUses, now: datetime) -> CouponRefusal | None:
    if not coupon.is_offered or (coupon.valid_until is not None and coupon.valid_until <= now):
        return CouponRefusal.OVER
    if uses.own_count:
        return CouponRefusal.USED_BEFORE
    if coupon.uses_max is not None and uses.count >= coupon.uses_max:
        return CouponRefusal.USED_UP
    return CouponRefusal.BELOW_MINIMUM if amount_minor < coupon.minimum_minor else None


def is_use_reserved(state: TopUpState, expires_at: datetime, now: datetime) -> bool:
    """Whether an unpaid top-up still reserves its coupon: while it can be paid. A failed one can be tried again."""
    return state.is_open or state is TopUpState.REVIEW or (state is TopUpState.FAILED and now < expires_at)


def _coupon_bonus(coupon: Coupon, credits_micro: int) -> int:
    if coupon.bonus_micro is not None:
        return coupon.bonus_micro
    return bonus_of(credits_micro, coupon.bonus_bp or 0)
