"""By which tax an installation bills: it decides what must be known of its customers."""

from enum import StrEnum


class TaxScheme(StrEnum):
    GST = "gst"
    """India's, by the States of supplier and customer."""
    VAT = "vat"
    """One tax at one rate; a business of another country of the European Union owes it there by itself."""
    NONE = "none"
    """The operator is not registered for any tax."""

    @property
    def has_states(self) -> bool:
        return self is TaxScheme.GST
