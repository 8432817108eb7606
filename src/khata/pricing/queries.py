"""The prices in force."""

import time
from functools import lru_cache

from django.db.models import Q

from khata.kernel.clock import utc_now
from khata.kernel.errors import ErrorKind, KhataError
from khata.pricing import models
from khata.pricing.core.bonus import BonusSlab
from khata.pricing.core.credit_price import CreditPrice
from khata.pricing.core.rate_card import Rate, RateCard


class PricesMissing(KhataError):
    """No price list is in force: run `khata migrate`."""

    kind = ErrorKind.MISCONFIGURED


def credit_price() -> CreditPrice:
    """Raises PricesMissing."""
    row = models.CreditPrice.objects.filter(valid_from__lte=utc_now()).order_by("-valid_from").first()
    if row is None:
        raise PricesMissing
    return CreditPrice(row.credits_micro_per_rupee, row.minimum_minor, row.maximum_minor)


def bonus_slabs() -> list[BonusSlab]:
    """Those in force, lowest minimum first."""
    now = utc_now()
    in_force = models.BonusSlab.objects.filter(Q(valid_until=None) | Q(valid_until__gt=now), valid_from__lte=now)
    rows = in_force.order_by("minimum_minor", "bonus_bp")
    return [BonusSlab(row.minimum_minor, row.bonus_bp, row.expires_after_days) for row in rows]


def rate_card() -> RateCard:
    """The rates in force, read again every second: a batch of messages costs less than this list."""
    return _rate_card_in(int(time.monotonic()))


@lru_cache(maxsize=1)
def _rate_card_in(second: int) -> RateCard:
    return rate_card_now()


def rate_card_now() -> RateCard:
    """The rates in force, read now: for a question about the list itself."""
    rows = models.Rate.objects.filter(valid_from__lte=utc_now()).order_by("channel", "prefix", "-valid_from")
    in_force = rows.distinct("channel", "prefix")
    return RateCard(Rate(row.channel, row.prefix, row.destination, row.credits_micro) for row in in_force)  # type: ignore[arg-type]
