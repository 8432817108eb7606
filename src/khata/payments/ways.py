"""The ways a payer gets at an order."""

from enum import StrEnum


class PayBy(StrEnum):
    CHECKOUT = "checkout"
    """The gateway's hosted page, where the payer's browser is sent at once."""
    LINK = "link"
    """An address anybody can be given, and pays at within days."""
    UPI_QR = "upi_qr"
    """A code to scan with a UPI app, shown on our own page."""
