"""The accountant's register: one row of CSV for each tax document, credit notes below zero."""

import csv
import io
from collections.abc import Iterable, Iterator

from khata.billing.core.invoices import TaxDocument, state_text
from khata.billing.core.numbering import IST
from khata.kernel.ids import public_organisation_id
from khata.kernel.money import money_text

_COLUMNS = (
    "Kind", "Number", "Date", "Customer", "GSTIN", "State", "Place of supply", "Reverse charge", "SAC", "Taxable value",
    "CGST", "SGST/UTGST", "IGST", "Other tax", "Rounding", "Total", "Currency", "For invoice", "Invoice date",
    "Payment", "Organisation",
)  # fmt: skip
_CENTRAL, _STATE, _INTEGRATED = ("CGST",), ("SGST", "UTGST"), ("IGST",)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def register_csv(documents: Iterable[TaxDocument]) -> Iterator[str]:
    """Lines of CSV, the columns' names first. Dates are India's, amounts plain decimals."""
    yield _line(_COLUMNS)
    for document in documents:
        yield _line(_cells(document))


def _cells(document: TaxDocument) -> Iterator[str]:
    sign = -1 if document.is_credit_note else 1
    known = (*_CENTRAL, *_STATE, *_INTEGRATED)
    others = tuple(line.label.split()[0] for line in document.tax_lines if line.label.split()[0] not in known)
    yield "Credit note" if document.is_credit_note else "Invoice"
    yield document.number
    yield f"{document.issued_at.astimezone(IST):%Y-%m-%d}"
    yield _guarded(document.customer.name)
    yield document.customer.gstin
    yield state_text(document.customer.state_code)
    yield state_text(document.place_of_supply)
    yield "Yes" if document.is_reverse_charge else "No"
    yield document.service_code
    yield money_text(sign * document.taxable_minor)
    for names in (_CENTRAL, _STATE, _INTEGRATED, others):
        yield money_text(sign * _tax(document, names))
    yield money_text(sign * document.rounding_minor)
    yield money_text(sign * document.total_minor)
    yield document.currency
    yield document.corrects.number if document.corrects else ""
    yield f"{document.corrects.issued_at.astimezone(IST):%Y-%m-%d}" if document.corrects else ""
    yield document.payment_ref
    yield public_organisation_id(document.organisation_id)


def _tax(document: TaxDocument, names: tuple[str, ...]) -> int:
    return sum(line.amount_minor for line in document.tax_lines if line.label.split()[0] in names)


def _guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
