"""A number belongs to one country, whatever calling code it shares."""

import phonenumbers
import pytest

from khata.messaging.core.countries import NO_COUNTRY, CountrySold, countries_sold, region_of
from khata.messaging.core.country_names import COUNTRY_NAMES, country_name
from khata.pricing.core.rate_card import Rate, RateCard


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+919812345678", "IN"), ("+447400123456", "GB"), ("+447781123456", "GG"), ("+12015550123", "US"),
        ("+18762101234", "JM"), ("+12423591234", "BS"), ("+9779841234567", "NP"), ("+77710009998", "KZ"),
        ("+79123456789", "RU"), ("+38343201234", "XK"), ("+882161234567", NO_COUNTRY), ("+870773111632", NO_COUNTRY),
    ],
)  # fmt: skip
def test_the_country_of_a_number(number: str, region: str) -> None:
    assert region_of(number, "IN") == region


@pytest.mark.parametrize(
    ("number", "region"), [("+12015550123", "US"), ("+18762101234", "JM"), ("+919812345678", "IN")]
)
def test_a_home_that_shares_its_calling_code_is_told_from_its_neighbours(number: str, region: str) -> None:
    assert region_of(number, "US") == region


def test_every_country_whose_numbers_can_be_read_has_a_name() -> None:
    assert set(COUNTRY_NAMES) == set(phonenumbers.SUPPORTED_REGIONS)
    assert (country_name("NP"), country_name("QQ")) == ("Nepal", "QQ")


def test_countries_are_sold_at_the_price_of_their_own_prefix() -> None:
    card = RateCard(
        [Rate("sms", "1", "North America", 4), Rate("sms", "1876", "Jamaica", 90), Rate("sms", "977", "Nepal", 16)]
    )
    sold = countries_sold(card)
    assert {CountrySold("US", "United States", 4), CountrySold("JM", "Jamaica", 90)} <= set(sold)
    assert CountrySold("NP", "Nepal", 16) in sold
    assert "IN" not in {country.region for country in sold}
    assert [country.name for country in sold] == sorted(country.name for country in sold)
