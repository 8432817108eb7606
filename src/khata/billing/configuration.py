"""What the operator sets for billing, read from Django's settings where they name it."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from khata.billing.core.invoices import Party
from khata.billing.core.tax import INDIA


@dataclass(frozen=True, slots=True)
class TaxConfiguration:
    """`supplier_state` is the operator's State code, `rate_bp` the tax rate in basis points.

    `single_tax` names the one tax there is; "" in India, whose GST is split by State.
    """

    supplier_state: str
    rate_bp: int
    single_tax: str


@dataclass(frozen=True, slots=True)
class InvoiceConfiguration:
    """What the operator's tax documents say and how they are numbered."""

    country: str
    supplier: Party
    service_code: str
    invoice_prefix: str
    credit_note_prefix: str


def tax_configuration() -> TaxConfiguration:
    """`KHATA_TAX_STATE_CODE` ("29", Karnataka), `_RATE_PERCENT` (18), `_COUNTRY` ("IN"), `_NAME` (elsewhere: "VAT")."""
    is_india = _text("KHATA_TAX_COUNTRY", INDIA.country) == INDIA.country
    return TaxConfiguration(
        supplier_state=_text("KHATA_TAX_STATE_CODE", "29"),
        rate_bp=int(getattr(settings, "KHATA_TAX_RATE_PERCENT", 18)) * 100,
        single_tax="" if is_india else _text("KHATA_TAX_NAME", "VAT"),
    )


def invoice_configuration() -> InvoiceConfiguration:
    """`KHATA_SUPPLIER_NAME`, `_ADDRESS`, `_GSTIN`, `KHATA_TAX_SERVICE_CODE`, `KHATA_INVOICE_PREFIX` and its like."""
    return InvoiceConfiguration(
        country=_text("KHATA_TAX_COUNTRY", INDIA.country),
        supplier=Party(
            name=_text("KHATA_SUPPLIER_NAME", "Khata"),
            address=_text("KHATA_SUPPLIER_ADDRESS", ""),
            state_code=tax_configuration().supplier_state,
            gstin=_text("KHATA_SUPPLIER_GSTIN", ""),
        ),
        service_code=_text("KHATA_TAX_SERVICE_CODE", "998413"),
        invoice_prefix=_text("KHATA_INVOICE_PREFIX", "KH"),
        credit_note_prefix=_text("KHATA_CREDIT_NOTE_PREFIX", "CN"),
    )


def callback_url(name: str, *, gateway_code: str, top_up_id: str) -> str:
    """Where a gateway sends the payer's browser: `name` is "return" or "cancel", the id is the public one."""
    return str(settings.KHATA_BASE_URL) + reverse(f"callbacks:{name}", args=[gateway_code, top_up_id])


def _text(name: str, default: str) -> str:
    return str(getattr(settings, name, default))
