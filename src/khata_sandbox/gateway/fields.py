"""Fields of a request's body, read one by one. Each reader raises ApiError with the name of the field at fault."""

from collections.abc import Mapping
from typing import Any

from khata_sandbox.gateway.errors import invalid
from khata_sandbox.gateway.requests import refuse_others

AMOUNT_MINIMUM_MINOR = 100
AMOUNT_MAXIMUM_MINOR = 100_000_000
"""₹10,00,000; a real account's maximum is agreed with its gateway."""
CURRENCIES = ("INR",)

Given = Mapping[str, Any]


def text_field(given: Given, name: str, maximum: int) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(name, f"The {name} must be a string.")
    if value is not None and len(value) > maximum:
        raise invalid(name, f"The {name} may not be greater than {maximum} characters.")
    return value


def flag_field(given: Given, name: str, *, default: bool = False) -> bool:
    """True and false, and what clients send for them: 1, 0, "1", "0"; null is the same as nothing."""
    value = default if given.get(name) is None else given[name]
    if value not in (True, False, "1", "0"):
        raise invalid(name, f"The {name} field must be true or false.")
    return value in (True, "1")


def whole_field(given: Given, name: str) -> int | None:
    value = given.get(name)
    if value is not None and type(value) is not int:
        raise invalid(name, f"The {name} must be an integer.")
    return value


def choice_field(given: Given, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
    value = given.get(name, default)
    if value is None:
        raise invalid(name, f"The {name} field is required.")
    if value not in choices:
        raise invalid(name, f"The selected {name} is invalid.")
    return str(value)


def amount_field(given: Given, name: str = "amount") -> int:
    """Paise."""
    value = whole_field(given, name)
    if value is None:
        raise invalid(name, f"The {name} field is required.")
    if value < AMOUNT_MINIMUM_MINOR:
        raise invalid(name, f"The {name} must be at least INR 1.00")
    if value > AMOUNT_MAXIMUM_MINOR:
        raise invalid(name, "Amount exceeds maximum amount allowed.")
    return value


def currency_field(given: Given) -> str:
    value = given.get("currency")
    if value is None:
        raise invalid("currency", "The currency field is required.")
    if value not in CURRENCIES:
        raise invalid("currency", "The currency is not supported.")
    return str(value)


def object_field(given: Given, name: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """{} when it is not there; only with fields that are `allowed`."""
    value = given.get(name)
    if value in (None, []):
        return {}
    if not isinstance(value, dict):
        raise invalid(name, f"The {name} must be an object.")
    refuse_others(value, allowed)
    return value
