"""The UPI payment address that a real gateway's QR code would hold, shown here as text only."""

from urllib.parse import quote

from khata_sandbox.gateway.rows import Order
from khata_sandbox.gateway.settings import GatewaySettings

PAYEE_ADDRESS = "merchant@sandbox"
MERCHANT_CATEGORY = "4814"


def upi_address(settings: GatewaySettings, order: Order) -> str:
    """`upi://pay?pa=…`: the amount in rupees with two decimals, the order as an alphanumeric reference."""
    rupees = f"{order.amount_minor // 100}.{order.amount_minor % 100:02d}"
    parameters = {
        "pa": PAYEE_ADDRESS,
        "pn": settings.merchant_name,
        "mc": MERCHANT_CATEGORY,
        "tr": order.id.replace("_", ""),
        "tn": settings.merchant_purpose[:50],
        "am": rupees,
        "cu": order.currency,
    }
    return "upi://pay?" + "&".join(f"{name}={quote(value, safe='@')}" for name, value in parameters.items())
