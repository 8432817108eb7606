"""Tax documents: an invoice for a paid top-up, a credit note for a refund, each frozen as it was issued."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from khata.billing.core.tax import TaxLine, TaxProfile, is_reverse_charge, tax_profile
from khata.tenancy.core.gstin import STATES


class DocumentKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Party:
    """Supplier or customer, as written on paper. `state_code` and `gstin` are "" where there is none."""

    name: str
    address: str
    state_code: str
    gstin: str

    @property
    def state(self) -> str:
        """ "29 Karnataka"."""
        return state_text(self.state_code)


@dataclass(frozen=True, slots=True)
class Correction:
    """The invoice a credit note takes back from."""

    number: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class TaxDocument:
    """Everything on the paper. Amounts in minor units and never below zero, on credit notes too.

    `taxable_minor` + `tax_lines` + `rounding_minor` = `total_minor`.
    """

    id: UUID
    public_id: str
    kind: DocumentKind
    number: str
    issued_at: datetime
    organisation_id: int
    top_up_id: UUID
    is_test: bool
    """Of a gateway's test mode: no money moved."""
    country: str
    supplier: Party
    customer: Party
    place_of_supply: str
    """A State's code; "" where States play no part."""
    service_code: str
    description: str
    credits_micro: int
    currency: str
    taxable_minor: int
    tax_lines: tuple[TaxLine, ...]
    rounding_minor: int
    total_minor: int
    payment_ref: str
    corrects: Correction | None = None

    @property
    def tax_minor(self) -> int:
        return sum(line.amount_minor for line in self.tax_lines)

    @property
    def is_credit_note(self) -> bool:
        return self.kind is DocumentKind.CREDIT_NOTE

    @property
    def profile(self) -> TaxProfile:
        return tax_profile(self.country, is_taxed=bool(self.tax_lines))

    @property
    def is_reverse_charge(self) -> bool:
        """Whether the customer owes the tax."""
        return not self.tax_lines and is_reverse_charge(self.country, self.customer.gstin)

    @property
    def title(self) -> str:
        return self.profile.credit_note_title if self.is_credit_note else self.profile.invoice_title

    @property
    def file_name(self) -> str:
        """`KH-26-27-000001.pdf`."""
        return f"{self.number.replace('/', '-')}.pdf"


def state_text(state_code: str) -> str:
    """ "29" → "29 Karnataka"; "" stays ""."""
    return f"{state_code} {STATES.get(state_code, '')}".strip()
