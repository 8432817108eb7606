"""VAT numbers: what they look like, and which country they name."""

import pytest

from khata.tenancy.core.vat_number import InvalidVatNumber, country_of, normalise_vat_number


@pytest.mark.parametrize(
    ("typed", "number", "country"),
    [
        ("de 123 456 789", "DE123456789", "DE"),
        ("ATU12345678", "ATU12345678", "AT"),
        ("IE1234567WA", "IE1234567WA", "IE"),
        ("EL-123.456.789", "EL123456789", "GR"),
        ("gb123456789", "GB123456789", "GB"),
    ],
)
def test_a_number_is_kept_without_what_people_put_between(typed: str, number: str, country: str) -> None:
    assert normalise_vat_number(typed) == number
    assert country_of(number) == country


@pytest.mark.parametrize("typed", ["", "DE", "123456789", "DE1", "DE12345678901234", "D1E23456789", "DEÄ23456789"])
def test_what_looks_otherwise_is_refused(typed: str) -> None:
    with pytest.raises(InvalidVatNumber, match="begins with its country's two letters"):
        normalise_vat_number(typed)


def test_no_number_names_no_country() -> None:
    assert country_of("") == ""
