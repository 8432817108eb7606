"""The tax on a top-up, on top of its amount, and how it is taken back.

India: 18 % GST by default, split by where supplier and customer are (IGST Act s.12(2)). Same State: CGST and SGST
(UTGST in five union territories), half the rate each; another State: IGST. Elsewhere: one line of VAT, or none where
the customer owes it (Directive 2006/112/EC art. 196). Each line is rounded half-up to the paisa on its own, so the two
halves are always equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from khata.tenancy.core.tax_scheme import TaxScheme
from khata.tenancy.core.vat_number import country_of

RATE_SCALE = 10_000
"""Rates are basis points: 1800 is 18 %."""

ADDRESS_REQUIRED_FROM_MINOR = 50_000_00
"""From this taxable value an unregistered customer's address belongs on the invoice (CGST Rule 46)."""

_UNION_TERRITORIES = frozenset({"04", "26", "31", "35", "38"})
_EUROPEAN_UNION = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaxLaw:
    """What the operator bills by."""

    scheme: TaxScheme
    country: str
    """The operator's, two letters."""
    supplier_state: str
    """The code of the operator's State, for GST."""
    rate_bp: int
    vat_name: str

    @property
    def tax_name(self) -> str:
        """As people say it; "" where there is no tax."""
        return {TaxScheme.GST: "GST", TaxScheme.VAT: self.vat_name, TaxScheme.NONE: ""}[self.scheme]


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax as it stands on the invoice: "CGST 9 %", paise."""

    label: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class TaxProfile:
    """What a country's law calls things."""

    country: str
    """Two letters, "IN"."""
    has_states: bool
    """Whether the tax depends on the States of supplier and customer."""
    invoice_title: str
    credit_note_title: str
    registration_label: str
    service_code_label: str


INDIA = TaxProfile("IN", True, "Tax Invoice", "Credit Note", "GSTIN", "SAC")


def tax_profile(country: str, *, is_taxed: bool = True) -> TaxProfile:
    """India's, or the plainest there can be; who bills without tax in India writes no tax invoice either."""
    if country == INDIA.country and is_taxed:
        return INDIA
    return TaxProfile(country, False, "Invoice", "Credit Note", "Tax registration", "Service code")


def tax_lines(
    law: TaxLaw, *, amount_minor: int, customer_state: str, customer_registration: str
) -> tuple[TaxLine, ...]:
    """The taxes on an amount before tax; none where there is no tax, or where the customer owes it."""
    match law.scheme:
        case TaxScheme.GST:
            return _gst(law, amount_minor, customer_state)
        case TaxScheme.VAT if not is_reverse_charge(law.country, customer_registration):
            return (_line(law.vat_name, amount_minor, law.rate_bp),)
        case _:
            return ()


def is_reverse_charge(country: str, customer_registration: str) -> bool:
    """Whether the customer owes the tax: a business registered in another country of the European Union."""
    theirs = country_of(customer_registration)
    return theirs != country and {theirs, country} <= _EUROPEAN_UNION


def _gst(law: TaxLaw, amount_minor: int, customer_state: str) -> tuple[TaxLine, ...]:
    if law.supplier_state != customer_state:
        return (_line("IGST", amount_minor, law.rate_bp),)
    second = "UTGST" if customer_state in _UNION_TERRITORIES else "SGST"
    return tuple(_line(name, amount_minor, law.rate_bp // 2) for name in ("CGST", second))


def tax_taken_back(
    lines: Sequence[TaxLine], *, tax_before_minor: int, tax_minor: int
) -> tuple[tuple[TaxLine, ...], int]:
    """A credit note's lines and what rounding leaves over, together `tax_minor`.

    `lines` are the invoice's, `tax_before_minor` what earlier credit notes took back. Each line is its share of all
    taken back so far, less its share of what was taken back before: halves stay equal, an odd paisa waits in the
    rounding for the next note, and once everything is taken back every line is what the invoice says.
    """
    shares = _shares(lines, tax_before_minor + tax_minor)
    before = _shares(lines, tax_before_minor)
    amounts = [share - earlier for share, earlier in zip(shares, before, strict=True)]
    taken = tuple(TaxLine(line.label, amount) for line, amount in zip(lines, amounts, strict=True))
    return taken, tax_minor - sum(amounts)


def _line(name: str, amount_minor: int, rate_bp: int) -> TaxLine:
    return TaxLine(f"{name} {_percent(rate_bp)} %", rounded_share(amount_minor, rate_bp))


def rounded_share(amount_minor: int, rate_bp: int) -> int:
    """Half-up to the paisa."""
    return (amount_minor * rate_bp + RATE_SCALE // 2) // RATE_SCALE


def _shares(lines: Sequence[TaxLine], tax_minor: int) -> list[int]:
    """Each line's part of so much tax, rounded down."""
    whole_minor = sum(line.amount_minor for line in lines)
    return [line.amount_minor * tax_minor // whole_minor if whole_minor else 0 for line in lines]


def _percent(rate_bp: int) -> str:
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
