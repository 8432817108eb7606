"""What part of a top-up a refund is: its share of the tax and of the credits, at the top-up's own frozen figures.

Shares are reckoned from what will have gone back in all, less what has already: however a top-up is refunded, the parts
never sum to more than was paid and bought, and the last one brings back exactly the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bought:
    """What was paid (paise) and bought (micro-credits). `total_minor` is with tax."""

    total_minor: int
    tax_minor: int
    credits_micro: int


@dataclass(frozen=True, slots=True)
class RefundShare:
    """`amount_minor` is with tax, `tax_minor` the tax in it."""

    amount_minor: int
    tax_minor: int
    credits_micro: int


def money_left(bought: Bought, given_back: Sequence[RefundShare]) -> int:
    """What has been paid and not given back, with tax."""
    return bought.total_minor - sum(share.amount_minor for share in given_back)


def share_of(bought: Bought, given_back: Sequence[RefundShare], amount_minor: int) -> RefundShare:
    """The share of one more refund. `amount_minor` is 1 to `money_left`."""
    left_after = money_left(bought, given_back) - amount_minor
    gone_after = bought.total_minor - left_after
    tax_left = bought.tax_minor - sum(share.tax_minor for share in given_back)
    credits_left = bought.credits_micro - sum(share.credits_micro for share in given_back)
    tax_after = bought.tax_minor - _half_up(bought.tax_minor * gone_after, bought.total_minor)
    credits_after = bought.credits_micro - bought.credits_micro * gone_after // bought.total_minor
    return RefundShare(
        amount_minor=amount_minor,
        # Refunds that failed leave gaps in the row of shares, so the next share may be a paisa beyond its bounds.
        tax_minor=_within(tax_left - tax_after, 0, min(amount_minor, tax_left)),
        credits_micro=_within(credits_left - credits_after, 0, credits_left),
    )


def bonus_share(bought: Bought, bonus_micro: int, given_back: Sequence[RefundShare], credits_micro: int) -> int:
    """What one more refund of so many bought credits takes of the bonus they came with; all of them, all of it."""
    gone_before = sum(share.credits_micro for share in given_back)
    gone_after = gone_before + credits_micro
    return bonus_micro * gone_after // bought.credits_micro - bonus_micro * gone_before // bought.credits_micro


def refundable(bought: Bought, given_back: Sequence[RefundShare], unspent_micro: int) -> int:
    """The most money (with tax) whose credits are still unspent."""
    left = money_left(bought, given_back)
    if left <= 0:
        return 0
    gone_micro = sum(share.credits_micro for share in given_back)
    if bought.credits_micro - gone_micro <= unspent_micro:
        return left
    most_gone = ((unspent_micro + gone_micro + 1) * bought.total_minor - 1) // bought.credits_micro
    return _within(most_gone - (bought.total_minor - left), 0, left)


def _half_up(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)


def _within(wanted: int, least: int, most: int) -> int:
    return max(least, min(wanted, most))
