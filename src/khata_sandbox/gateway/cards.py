"""Cards: networks, number check, expiry, CVV, and the published test numbers with their outcomes."""

import re
from dataclasses import dataclass

SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Network:
    name: str
    prefixes: str
    """Regular expression for the first digits."""
    lengths: tuple[int, ...]
    cvv_length: int = 3


# RuPay's 60, 65, 353 and 356 lie inside Discover's, Maestro's and JCB's ranges; in India RuPay comes first.
NETWORKS = (
    Network("American Express", r"3[47]", (15,), 4),
    Network("RuPay", r"(60|65|81|82|508|353|356)", (16,)),
    Network("Diners Club", r"(30[0-5]|309|36|38|39)", (14,)),
    Network("Visa", r"4", (13, 16, 19)),
    Network("MasterCard", r"(5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)", (16,)),
    Network("Maestro", r"(50|5[6-9]|6)", tuple(range(12, 20))),
)
UNKNOWN = Network("Unknown", "", tuple(range(12, 20)))


@dataclass(frozen=True, slots=True)
class PublishedCard:
    """A published number; `outcome` is "success" or the error_reason it fails with."""

    number: str
    title: str
    outcome: str = SUCCESS
    is_international: bool = False


PUBLISHED_CARDS = (
    PublishedCard("4100280000001007", "Visa"),
    PublishedCard("5500670000001002", "Mastercard"),
    PublishedCard("6527658900001005", "RuPay"),
    PublishedCard("36082800091007", "Diners Club"),
    PublishedCard("340256000401007", "American Express"),
    PublishedCard("5555555555554444", "Mastercard, international", is_international=True),
    PublishedCard("5105105105105100", "Mastercard, international", is_international=True),
    PublishedCard("5104060000000008", "Mastercard, international", is_international=True),
    PublishedCard("4012888888881881", "Visa, international", is_international=True),
    PublishedCard("4100280000090000", "Visa", "payment_timed_out"),
    PublishedCard("5305620000060000", "Mastercard", "payment_timed_out"),
    PublishedCard("4100280000080001", "Visa", "insufficient_funds"),
    PublishedCard("5305620000050001", "Mastercard", "insufficient_funds"),
    PublishedCard("4100280000070002", "Visa", "payment_cancelled"),
    PublishedCard("5305620000040002", "Mastercard", "payment_cancelled"),
    PublishedCard("4100280000060003", "Visa", "card_declined"),
    PublishedCard("4100280000050004", "Visa", "card_declined"),
    PublishedCard("4100280000040005", "Visa", "card_declined"),
    PublishedCard("5305620000030003", "Mastercard", "card_declined"),
    PublishedCard("5305620000020004", "Mastercard", "card_declined"),
    PublishedCard("5305620000010005", "Mastercard", "card_declined"),
    PublishedCard("4100280000030006", "Visa", "card_disabled_for_online_payments"),
    PublishedCard("5305620000000006", "Mastercard", "card_disabled_for_online_payments"),
    PublishedCard("4100280000010008", "Visa", "card_number_invalid"),
    PublishedCard("5305620000080008", "Mastercard", "card_number_invalid"),
    PublishedCard("4100280000020007", "Visa", "gateway_technical_error"),
    PublishedCard("5305620000090007", "Mastercard", "gateway_technical_error"),
    PublishedCard("4100280000000009", "Visa", "authentication_failed"),
    PublishedCard("5305620000070009", "Mastercard", "authentication_failed"),
)

_PUBLISHED = {card.number: card for card in PUBLISHED_CARDS}


@dataclass(frozen=True, slots=True)
class AcceptedCard:
    """What is kept of a card once its form was right."""

    network: str
    last4: str
    outcome: str
    is_international: bool


def read_card(*, number: str, expiry: str, cvv: str, today: tuple[int, int]) -> AcceptedCard | dict[str, str]:
    """The card, or what is wrong by form field. `today` is (year, month)."""
    digits = re.sub(r"[ -]", "", number)
    network = network_of(digits)
    problems = {
        "card_number": _number_problem(digits, network),
        "card_expiry": _expiry_problem(expiry, today),
        "card_cvv": _cvv_problem(cvv, network),
    }
    found = {field: problem for field, problem in problems.items() if problem}
    if found:
        return found
    published = _PUBLISHED.get(digits, PublishedCard(digits, ""))
    return AcceptedCard(network.name, digits[-4:], published.outcome, published.is_international)


def network_of(digits: str) -> Network:
    return next((network for network in NETWORKS if re.match(network.prefixes, digits)), UNKNOWN)


def passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _number_problem(digits: str, network: Network) -> str:
    if not digits:
        return "Enter the card number."
    if not (digits.isascii() and digits.isdigit()):
        return "A card number has digits only."
    if len(digits) not in network.lengths:
        return f"This {network.name} number has the wrong length." if network is not UNKNOWN else "Wrong length."
    if not passes_luhn(digits):
        return "This card number has a typing mistake in it."
    return ""


def _expiry_problem(expiry: str, today: tuple[int, int]) -> str:
    match = re.fullmatch(r"\s*(0?[1-9]|1[0-2])\s*/?\s*(20)?([0-9]{2})\s*", expiry)
    if match is None:
        return "Enter month and year, for example 09/30."
    month, year = int(match[1]), 2000 + int(match[3])
    if (year, month) < today:
        return "This card has expired."
    if year > today[0] + 20:
        return "This date is too far ahead."
    return ""


def _cvv_problem(cvv: str, network: Network) -> str:
    is_right = len(cvv) == network.cvv_length and cvv.isascii() and cvv.isdigit()
    return "" if is_right else f"The CVV has {network.cvv_length} digits."
