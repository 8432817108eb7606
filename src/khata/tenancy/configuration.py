"""What the operator sets for organisations, read from Django's settings where they name it."""

from django.conf import settings

from khata.tenancy.core.tax_scheme import TaxScheme


def tax_scheme() -> TaxScheme:
    """`KHATA_TAX_SCHEME`; India's GST by default."""
    return TaxScheme(getattr(settings, "KHATA_TAX_SCHEME", TaxScheme.GST))
