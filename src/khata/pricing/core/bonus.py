"""Bonus slabs: from some amount on, credits come with more credits."""

from collections.abc import Iterable
from dataclasses import dataclass

BASIS_POINTS = 10_000
"""Bonuses are basis points: 500 is 5 %."""


@dataclass(frozen=True, slots=True)
class BonusSlab:
    """Whoever buys for `minimum_minor` (paise, before tax) or more gets `bonus_bp` more credits."""

    minimum_minor: int
    bonus_bp: int
    expires_after_days: int | None
    """None for bonus credits that never expire."""


def bonus_of(credits_micro: int, bonus_bp: int) -> int:
    """Micro-credits on top of those bought; never rounded up."""
    return credits_micro * bonus_bp // BASIS_POINTS


def best_slab(slabs: Iterable[BonusSlab], amount_minor: int) -> BonusSlab | None:
    """The one that gives most for this amount; of equals, the one with the higher minimum."""
    reached = [slab for slab in slabs if slab.minimum_minor <= amount_minor]
    return max(reached, key=lambda slab: (slab.bonus_bp, slab.minimum_minor), default=None)
