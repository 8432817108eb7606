"""GST on a top-up: 18 % on top by default, split by where supplier and customer are (IGST Act s.12(2)).

Same State: CGST and SGST (UTGST in five union territories), half the rate each; another State: IGST. Each line is
rounded half-up to the paisa on its own, so the two halves are always equal.
"""

from dataclasses import dataclass

RATE_SCALE = 10_000
"""Rates are basis points: 1800 is 18 %."""

ADDRESS_REQUIRED_FROM_MINOR = 50_000_00
"""From this taxable value an unregistered customer's address belongs on the invoice (CGST Rule 46)."""

_UNION_TERRITORIES = frozenset({"04", "26", "31", "35", "38"})


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax as it stands on the invoice: "CGST 9 %", paise."""

    label: str
    amount_minor: int


def tax_lines(*, amount_minor: int, supplier_state: str, customer_state: str, rate_bp: int) -> tuple[TaxLine, ...]:
    """The taxes on an amount before tax."""
    if supplier_state != customer_state:
        return (_line("IGST", amount_minor, rate_bp),)
    second = "UTGST" if customer_state in _UNION_TERRITORIES else "SGST"
    return tuple(_line(name, amount_minor, rate_bp // 2) for name in ("CGST", second))


def _line(name: str, amount_minor: int, rate_bp: int) -> TaxLine:
    return TaxLine(f"{name} {_percent(rate_bp)} %", rounded_share(amount_minor, rate_bp))


def rounded_share(amount_minor: int, rate_bp: int) -> int:
    """Half-up to the paisa."""
    return (amount_minor * rate_bp + RATE_SCALE // 2) // RATE_SCALE


def _percent(rate_bp: int) -> str:
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
