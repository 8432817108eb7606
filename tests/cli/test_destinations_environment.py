"""Where messages may go, as the operator sets it, is checked as it is read."""

import pytest

from khata.site.environment import read_environment
from khata.site.variables import Misconfigured

NEEDED = {"DATABASE_URL": "postgresql://localhost/khata", "KHATA_SECRET_KEY": "x" * 40}


def test_without_a_word_home_is_india_and_every_country_abroad_has_a_limit() -> None:
    environment = read_environment(NEEDED)
    assert (environment.home_region, environment.velocity_rules) == ("IN", ("*:200/1000",))


def test_several_rules_stand_between_commas() -> None:
    environment = read_environment(NEEDED | {"KHATA_VELOCITY_RULES": "*:20/50, NP:500/2000,+97798:9/9"})
    assert environment.velocity_rules == ("*:20/50", "NP:500/2000", "+97798:9/9")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("KHATA_HOME_REGION", "India", "a country like IN, not “India”"),
        ("KHATA_HOME_REGION", "QQ", "a country like IN, not “QQ”"),
        ("KHATA_VELOCITY_RULES", "nepal:5/5", "KHATA_VELOCITY_RULES: “nepal” is neither *, a country"),
        ("KHATA_VELOCITY_RULES", "NP:5", "“NP:5” does not end like :200/1000"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, sentence: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_environment(NEEDED | {name: value})
    assert sentence in str(refused.value)
