"""The UPI payment address that a real gateway's QR code would hold, shown here as text only."""

from urllib.parse import quote

from khata_sandbox.gateway.rows import Order
from khata_sandbox.gateway.settings import GatewaySettings

PAYEE_ADDRESS = "merchant@sandbox"
MERCHANT_CATEGORY = "4814"


def upi_address(settings: GatewaySettings, order: Order, amount_minor: int) -> str:
    """What the code on an order's checkout would hold."""
    return payment_address(settings, order.id, amount_minor)


def payment_address(settings: GatewaySettings, reference: str, amount_minor: int | None) -> str:
    """`upi://pay?pa=…`: rupees with two decimals unless the payer chooses, an alphanumeric reference."""
    parameters = {
        "pa": PAYEE_ADDRESS,
        "pn": settings.merchant_name,
        "mc": MERCHANT_CATEGORY,
        "tr": reference.replace("_", ""),
        "tn": settings.merchant_purpose[:50],
        **({} if amount_minor is None else {"am": f"{amount_minor // 100}.{amount_minor % 100:02d}"}),
        "cu": "INR",
    }
    return "upi://pay?" + "&".join(f"{name}={quote(value, safe='@')}" for name, value in parameters.items())
