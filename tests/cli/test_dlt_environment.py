"""What the operator sets for India is checked as it is read."""

import pytest

from khata.site.environment import read_environment
from khata.site.variables import Misconfigured

NEEDED = {"DATABASE_URL": "postgresql://localhost/khata", "KHATA_SECRET_KEY": "x" * 40}


def test_telemarketers_are_kept_in_order() -> None:
    environment = read_environment(NEEDED | {"KHATA_DLT_TELEMARKETERS": "1101172974420820002, 1101172974420830004"})
    assert environment.dlt_telemarketers == ("1101172974420820002", "1101172974420830004")
    assert environment.dlt_send_window == "10:00-21:00"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("KHATA_DLT_TELEMARKETERS", "1101172974420820002,ACME", "numbers of 12 to 20 digits, not “ACME”"),
        ("KHATA_DLT_SEND_WINDOW", "10-21", "KHATA_DLT_SEND_WINDOW: hours are written like 10:00-21:00"),
        ("KHATA_DLT_SEND_WINDOW", "21:00-10:00", "a window opens before it closes"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, sentence: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_environment(NEEDED | {name: value})
    assert sentence in str(refused.value)
