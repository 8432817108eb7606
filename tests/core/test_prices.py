"""Prices: credits are never rounded up, and the longest prefix wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.pricing.core.credit_price import CreditPrice
from khata.pricing.core.rate_card import Rate, RateCard

PRICE = CreditPrice(credits_micro_per_rupee=5_000_000, minimum_minor=10_000, maximum_minor=50_000_000)
CARD = RateCard(
    [
        Rate("sms", "91", "India", 1_000_000),
        Rate("sms", "1", "United States and Canada", 4_000_000),
        Rate("sms", "1242", "Bahamas", 9_000_000),
        Rate("email", "", "Everywhere", 100_000),
    ]
)


def test_one_rupee_buys_five_credits() -> None:
    assert PRICE.credits_for(100) == 5_000_000
    assert PRICE.credits_for(1) == 50_000
    assert PRICE.credits_per_rupee_text == "5"


@given(st.integers(1, 10**12), st.integers(1, 10**9))
def test_what_is_asked_for_is_covered_by_the_smallest_whole_rupees(credits_micro: int, per_rupee: int) -> None:
    price = CreditPrice(per_rupee, 1, 10**15)
    amount = price.amount_for(credits_micro)
    assert amount % 100 == 0
    assert price.credits_for(amount) >= credits_micro
    assert amount == 100 or price.credits_for(amount - 100) < credits_micro


@pytest.mark.parametrize(
    ("digits", "destination"),
    [("919812345678", "India"), ("14155550100", "United States and Canada"), ("12425550100", "Bahamas")],
)
def test_the_longest_prefix_prices_a_destination(digits: str, destination: str) -> None:
    rate = CARD.rate_for("sms", digits)
    assert rate is not None
    assert rate.destination == destination


def test_where_nothing_is_sold_there_is_no_rate() -> None:
    assert CARD.rate_for("sms", "8613800138000") is None
    assert CARD.rate_for("sms", "9") is None
    assert RateCard([]).rate_for("sms", "91") is None


def test_an_email_costs_the_same_everywhere() -> None:
    rate = CARD.rate_for("email")
    assert rate is not None
    assert rate.credits_micro == 100_000
