"""What a tax document says, as texts in their places; `tax_document.typ` only arranges them."""

from typing import Any

from khata.billing.core.amount_words import amount_in_words
from khata.billing.core.invoices import Party, TaxDocument, state_text
from khata.billing.core.numbering import IST
from khata.billing.core.tax import TaxProfile
from khata.kernel.ids import public_id
from khata.kernel.money import RUPEE_MINOR, group_indian

_RUPEE = "INR"
_TEST_NOTE = "Sandbox: no money was paid, and this is no tax document."
_CREDIT_NOTE_TERM = "Credited in words"
_INVOICE_TERM = "Amount in words"


def paper(document: TaxDocument) -> dict[str, Any]:
    """Texts only: nothing in here is ever read as typst's markup."""
    profile = document.profile
    return {
        "title": document.title,
        "number": document.number,
        "note": _TEST_NOTE if document.is_test else "",
        "facts": [{"term": term, "text": text} for term, text in _facts(document) if text],
        "supplier": _party(document.supplier, profile),
        "customer": _party(document.customer, profile),
        "customer_term": "Credit to" if document.is_credit_note else "Bill to",
        "service_code_label": profile.service_code_label,
        "service_code": document.service_code,
        "description": document.description,
        "currency": "₹" if document.currency == _RUPEE else document.currency,
        "taxable": _money(document.taxable_minor),
        "sums": [{"term": term, "text": text} for term, text in _sums(document)],
        "total": _money(document.total_minor),
        "words_term": _CREDIT_NOTE_TERM if document.is_credit_note else _INVOICE_TERM,
        "words": amount_in_words(document.total_minor) if document.currency == _RUPEE else "",
        "closing": f"Made by computer by {document.supplier.name}; valid without a signature.",
    }


def _facts(document: TaxDocument) -> list[tuple[str, str]]:
    corrected = document.corrects
    return [
        ("Date", f"{document.issued_at.astimezone(IST):%d %b %Y}"),
        ("For invoice", corrected.number if corrected else ""),
        ("Invoice date", f"{corrected.issued_at.astimezone(IST):%d %b %Y}" if corrected else ""),
        ("Place of supply", state_text(document.place_of_supply)),
        ("Reverse charge", _reverse_charge(document)),
        ("Payment", document.payment_ref),
        ("Top-up", public_id("top", document.top_up_id)),
    ]


def _reverse_charge(document: TaxDocument) -> str:
    if document.is_reverse_charge:
        return "Yes: the customer owes the tax"
    return "No" if document.profile.has_states else ""


def _sums(document: TaxDocument) -> list[tuple[str, str]]:
    lines = [(line.label, _money(line.amount_minor)) for line in document.tax_lines]
    rounding = [("Rounding", _money(document.rounding_minor))] if document.rounding_minor else []
    return [("Taxable value", _money(document.taxable_minor)), *lines, *rounding]


def _party(party: Party, profile: TaxProfile) -> dict[str, Any]:
    return {
        "name": party.name,
        "address": [line for line in party.address.splitlines() if line.strip()],
        "state": party.state if profile.has_states else "",
        "registration": f"{profile.registration_label} {party.gstin}" if party.gstin else "",
    }


def _money(amount_minor: int) -> str:
    whole, rest = divmod(abs(amount_minor), RUPEE_MINOR)
    return f"{chr(0x2212) if amount_minor < 0 else ''}{group_indian(whole)}.{rest:02d}"
