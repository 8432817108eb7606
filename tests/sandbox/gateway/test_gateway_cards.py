import pytest

from khata_sandbox.gateway.cards import PUBLISHED_CARDS, AcceptedCard, PublishedCard, network_of, passes_luhn, read_card
from khata_sandbox.gateway.failures import FAILURES

TODAY = (2026, 11)


def read(number: str, *, expiry: str = "12/30", cvv: str = "123") -> AcceptedCard | dict[str, str]:
    return read_card(number=number, expiry=expiry, cvv=cvv, today=TODAY)


@pytest.mark.parametrize("card", PUBLISHED_CARDS, ids=lambda card: card.number)
def test_every_published_card_is_accepted_with_its_outcome(card: PublishedCard) -> None:
    accepted = read(card.number, cvv="1234" if card.title == "American Express" else "123")
    assert isinstance(accepted, AcceptedCard)
    assert (accepted.outcome, accepted.last4) == (card.outcome, card.number[-4:])
    assert accepted.is_international == card.is_international


def test_every_failing_card_has_a_failure_to_fail_with() -> None:
    assert {card.outcome for card in PUBLISHED_CARDS} - {"success"} <= set(FAILURES)


@pytest.mark.parametrize(
    ("digits", "network"),
    [
        ("4100280000001007", "Visa"),
        ("5500670000001002", "MasterCard"),
        ("2221000000000009", "MasterCard"),
        ("6527658900001005", "RuPay"),
        ("6011000990139424", "RuPay"),
        ("5085000000000001", "RuPay"),
        ("36082800091007", "Diners Club"),
        ("340256000401007", "American Express"),
        ("5018000000000009", "Maestro"),
        ("9999999999999995", "Unknown"),
    ],
)
def test_the_network_is_found_with_rupay_before_discover_and_maestro(digits: str, network: str) -> None:
    assert network_of(digits).name == network


def test_luhn_finds_one_wrong_digit_and_two_swapped_ones() -> None:
    assert passes_luhn("4100280000001007")
    assert not passes_luhn("4100280000001008")
    assert not passes_luhn("1400280000001007")


@pytest.mark.parametrize(
    ("number", "expiry", "cvv", "field"),
    [
        ("", "12/30", "123", "card_number"),
        ("4100 2800 0000 1008", "12/30", "123", "card_number"),
        ("410028000000100", "12/30", "123", "card_number"),
        ("41002800000010o7", "12/30", "123", "card_number"),
        ("४100280000001007", "12/30", "123", "card_number"),
        ("4100280000001007", "10/26", "123", "card_expiry"),
        ("4100280000001007", "13/30", "123", "card_expiry"),
        ("4100280000001007", "", "123", "card_expiry"),
        ("4100280000001007", "12/99", "123", "card_expiry"),
        ("4100280000001007", "12/30", "12", "card_cvv"),
        ("4100280000001007", "12/30", "1234", "card_cvv"),
        ("340256000401007", "12/30", "123", "card_cvv"),
    ],
)
def test_a_wrong_field_is_named(number: str, expiry: str, cvv: str, field: str) -> None:
    problems = read(number, expiry=expiry, cvv=cvv)
    assert isinstance(problems, dict)
    assert list(problems) == [field]


@pytest.mark.parametrize("expiry", ["11/26", "1126", "11/2026", " 11 / 26 "])
def test_a_card_is_valid_to_the_end_of_its_month_however_it_is_typed(expiry: str) -> None:
    assert isinstance(read("4100-2800 00001007", expiry=expiry), AcceptedCard)
