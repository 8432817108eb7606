"""What the operator sets for billing, read from Django's settings where they name it."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from khata.billing.core.invoices import Party
from khata.billing.core.tax import INDIA, TaxLaw
from khata.tenancy.configuration import tax_scheme


@dataclass(frozen=True, slots=True)
class InvoiceConfiguration:
    """What the operator's tax documents say and how they are numbered."""

    country: str
    supplier: Party
    service_code: str
    invoice_prefix: str
    credit_note_prefix: str


def tax_law() -> TaxLaw:
    """`KHATA_TAX_SCHEME` ("gst"), `_COUNTRY` ("IN"), `_STATE_CODE` ("29", Karnataka), `_RATE_BP` (1,800), `_NAME`."""
    return TaxLaw(
        scheme=tax_scheme(),
        country=_text("KHATA_TAX_COUNTRY", INDIA.country),
        supplier_state=_text("KHATA_TAX_STATE_CODE", "29"),
        rate_bp=int(getattr(settings, "KHATA_TAX_RATE_BP", 1_800)),
        vat_name=_text("KHATA_TAX_NAME", "VAT"),
    )


def invoice_configuration() -> InvoiceConfiguration:
    """`KHATA_SUPPLIER_NAME`, `_ADDRESS`, `_GSTIN`, `KHATA_TAX_SERVICE_CODE`, `KHATA_INVOICE_PREFIX` and its like."""
    law = tax_law()
    return InvoiceConfiguration(
        country=law.country,
        supplier=Party(
            name=_text("KHATA_SUPPLIER_NAME", "Khata"),
            address=_text("KHATA_SUPPLIER_ADDRESS", ""),
            state_code=law.supplier_state if law.scheme.has_states else "",
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
