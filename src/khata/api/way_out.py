"""Where a refusal for lack of credits leads."""

from django.conf import settings

from khata.kernel.money import RUPEE_MINOR
from khata.ledger.operations import InsufficientCredits
from khata.pricing.queries import credit_price


def with_way_out(error: InsufficientCredits) -> InsufficientCredits:
    """The refusal with the address of Add Credits, an amount filled in that covers what is missing."""
    missing = error.extra["required_micro"] - error.extra["balance_micro"]
    price = credit_price()
    rupees = max(price.amount_for(missing), price.minimum_minor) // RUPEE_MINOR
    address = f"{settings.ENVIRONMENT.base_url}/billing/add-credits/?amount={rupees}"
    return InsufficientCredits(**error.extra, top_up_url=address)
