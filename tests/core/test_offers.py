"""Bonuses: what slabs and coupons give, and that they do not add up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.billing.core.offers import Coupon, CouponRefusal, CouponUses, best_bonus, coupon_refusal, is_use_reserved
from khata.billing.core.top_up_life import TopUpState
from khata.pricing.core.bonus import BonusSlab, best_slab, bonus_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SLABS = [BonusSlab(100_000, 500, None), BonusSlab(500_000, 1_000, 30)]
COUPON = Coupon("DIWALI", 700, None, 50_000, NOW + timedelta(days=1), 20, None, True)
UNUSED = CouponUses(0, 0)
CREDITS = 5_000_000_000


@pytest.mark.parametrize(("amount_minor", "bonus_bp"), [(99_999, 0), (100_000, 500), (499_999, 500), (500_000, 1_000)])
def test_a_slab_counts_from_its_amount_on(amount_minor: int, bonus_bp: int) -> None:
    slab = best_slab(SLABS, amount_minor)
    assert (slab.bonus_bp if slab else 0) == bonus_bp


@given(credits_micro=st.integers(min_value=0, max_value=10**15), bonus_bp=st.integers(min_value=1, max_value=10_000))
def test_a_bonus_is_never_rounded_up(credits_micro: int, bonus_bp: int) -> None:
    bonus = bonus_of(credits_micro, bonus_bp)
    assert bonus * 10_000 <= credits_micro * bonus_bp < (bonus + 1) * 10_000


@pytest.mark.parametrize(
    ("amount_minor", "coupon", "micro", "is_coupons"),
    [
        (100_000, None, 250_000_000, False),
        (100_000, COUPON, 350_000_000, True),
        (500_000, COUPON, 500_000_000, False),
        (100_000, replace(COUPON, bonus_bp=500), 250_000_000, False),
        (100_000, replace(COUPON, bonus_bp=None, bonus_micro=999_000_000), 999_000_000, True),
        (50_000, None, 0, False),
    ],
)
def test_the_better_of_slab_and_coupon_counts_alone(
    amount_minor: int, coupon: Coupon | None, micro: int, is_coupons: bool
) -> None:
    bonus = best_bonus(credits_micro=CREDITS, amount_minor=amount_minor, slabs=SLABS, coupon=coupon)
    assert (bonus.credits_micro, bonus.is_coupons) == (micro, is_coupons)


@pytest.mark.parametrize(
    ("coupon", "amount_minor", "uses", "refusal"),
    [
        (COUPON, 50_000, UNUSED, None),
        (COUPON, 50_000, CouponUses(19, 0), None),
        (COUPON, 49_999, UNUSED, CouponRefusal.BELOW_MINIMUM),
        (COUPON, 50_000, CouponUses(20, 0), CouponRefusal.USED_UP),
        (COUPON, 50_000, CouponUses(1, 1), CouponRefusal.USED_BEFORE),
        (replace(COUPON, valid_until=NOW), 50_000, UNUSED, CouponRefusal.OVER),
        (replace(COUPON, is_offered=False), 50_000, UNUSED, CouponRefusal.OVER),
        (replace(COUPON, uses_max=None, valid_until=None), 50_000, CouponUses(10**6, 0), None),
    ],
)
def test_a_coupon_counts_or_says_why_not(
    coupon: Coupon, amount_minor: int, uses: CouponUses, refusal: CouponRefusal | None
) -> None:
    assert coupon_refusal(coupon, amount_minor=amount_minor, uses=uses, now=NOW) is refusal


@pytest.mark.parametrize(
    ("state", "is_over", "is_reserved"),
    [
        (TopUpState.CREATED, True, True),
        (TopUpState.PENDING, True, True),
        (TopUpState.REVIEW, True, True),
        (TopUpState.FAILED, False, True),
        (TopUpState.FAILED, True, False),
        (TopUpState.EXPIRED, False, False),
        (TopUpState.CANCELLED, False, False),
    ],
)
def test_a_coupon_stays_reserved_while_its_top_up_can_be_paid(
    state: TopUpState, is_over: bool, is_reserved: bool
) -> None:
    expires_at = NOW if is_over else NOW + timedelta(seconds=1)
    assert is_use_reserved(state, expires_at, NOW) is is_reserved
