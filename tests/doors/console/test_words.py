"""Numbers as people read them: grouped the Indian way, exact, never rounded up."""

import pytest

from khata.console.phones import masked_phone
from khata.console.words import credits_column, credits_exact, credits_signed, credits_whole, money, rupees


@pytest.mark.parametrize(
    ("amount_minor", "text"),
    [(0, "0.00"), (5, "0.05"), (118_000, "1,180.00"), (12_345_678, "1,23,456.78"), (-59_000, "\u2212590.00")],
)
def test_money_is_grouped_with_two_decimals(amount_minor: int, text: str) -> None:
    assert money(amount_minor) == text


def test_round_rupees_need_no_decimals() -> None:
    assert (rupees(50_000_000), rupees(100_050)) == ("5,00,000", "1,000.50")


@pytest.mark.parametrize(
    ("amount_micro", "exact", "whole", "column", "signed"),
    [
        (0, "0", "0", "0.0", "0.0"),
        (4_820_000_000, "4,820", "4,820", "4,820.0", "+4,820.0"),
        (100_000, "0.1", "0", "0.1", "+0.1"),
        (999_999, "0.999999", "0", "0.999999", "+0.999999"),
        (-1_000_000, "\u22121", "\u22121", "\u22121.0", "\u22121.0"),
        (-100_000, "\u22120.1", "\u22121", "\u22120.1", "\u22120.1"),
        (1_234_567_500_000, "12,34,567.5", "12,34,567", "12,34,567.5", "+12,34,567.5"),
    ],
)
def test_credits_are_exact_or_cut(amount_micro: int, exact: str, whole: str, column: str, signed: str) -> None:
    assert credits_exact(amount_micro) == exact
    assert credits_whole(amount_micro) == whole
    assert credits_column(amount_micro) == column
    assert credits_signed(amount_micro) == signed


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+919876543210", "+91 ••••• •3210"),
        ("+16502530000", "+1 ••••• •0000"),
        ("+6591234567", "+65 ••••4 567"),
        ("asha@example.com", "a•••@example.com"),
        ("KHATA", "K•••"),
    ],
)
def test_a_number_can_be_recognised_and_not_called(number: str, shown: str) -> None:
    assert masked_phone(number) == shown
