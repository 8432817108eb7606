"""What the operator sets for billing, read from Django's settings where they name it."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class TaxConfiguration:
    """`supplier_state` is the operator's State code, `rate_bp` the GST rate in basis points."""

    supplier_state: str
    rate_bp: int


def tax_configuration() -> TaxConfiguration:
    """`KHATA_TAX_STATE_CODE` ("29", Karnataka) and `KHATA_TAX_RATE_PERCENT` (18)."""
    return TaxConfiguration(
        supplier_state=str(getattr(settings, "KHATA_TAX_STATE_CODE", "29")),
        rate_bp=int(getattr(settings, "KHATA_TAX_RATE_PERCENT", 18)) * 100,
    )
