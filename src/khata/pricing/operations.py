"""What the operator does with bonus slabs: add them and end them."""

from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound, field_problem
from khata.kernel.transactions import needs_database
from khata.pricing.core.bonus import BASIS_POINTS, BonusSlab
from khata.pricing.models import BonusSlab as BonusSlabModel

_DAYS_MAX = 3_650
_MINIMUM_MINOR_MAX = 10**12


@needs_database
def add_bonus_slab(slab: BonusSlab) -> None:
    """In force from now on, until it is ended. Raises InvalidRequest."""
    days = slab.expires_after_days
    checks = (
        (
            0 < slab.minimum_minor <= _MINIMUM_MINOR_MAX,
            field_problem("minimum", "out_of_range", "The amount it begins at is above zero."),
        ),
        (
            0 < slab.bonus_bp <= BASIS_POINTS,
            field_problem("percent", "out_of_range", "A bonus is above 0 and at most 100 percent."),
        ),
        (days is None or 0 < days <= _DAYS_MAX, field_problem("days", "out_of_range", f"Days are 1 to {_DAYS_MAX}.")),
    )
    if problems := [problem for is_good, problem in checks if not is_good]:
        raise InvalidRequest(problems)
    BonusSlabModel.objects.create(
        minimum_minor=slab.minimum_minor, bonus_bp=slab.bonus_bp, expires_after_days=days, valid_from=utc_now()
    )


@needs_database
def end_bonus_slabs(*, minimum_minor: int) -> int:
    """Ends those that begin at this amount; top-ups already started keep their bonus. Raises NotFound."""
    ended = BonusSlabModel.objects.filter(minimum_minor=minimum_minor, valid_until=None).update(valid_until=utc_now())
    if not ended:
        raise NotFound("No bonus that is in force begins at this amount.")
    return ended
