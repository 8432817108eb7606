"""What a captured payment changes beside itself: its order, and the payment link or QR code behind the order."""

from dataclasses import replace

from khata_sandbox.gateway.events import record_order_paid
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.payment_links import pay_link
from khata_sandbox.gateway.qr_codes import credit_qr_code
from khata_sandbox.gateway.rows import Order, Payment


def is_due(order: Order, payment: Payment) -> bool:
    """Whether the order still asks for this payment; what it does not ask for stays uncaptured."""
    if order.status == "paid":
        return False
    return not order.is_partial or payment.amount_minor <= order.amount_minor - order.amount_paid_minor


def paid_order(order: Order, payment: Payment) -> Order:
    """The order after this capture. One that takes parts is paid with the last of them."""
    if not order.is_partial:
        return replace(order, status="paid", amount_paid_minor=payment.amount_minor)
    paid_minor = min(order.amount_paid_minor + payment.amount_minor, order.amount_minor)
    return replace(
        order, status="paid" if paid_minor == order.amount_minor else "attempted", amount_paid_minor=paid_minor
    )


def follow_capture(gateway: Gateway, payment: Payment, order: Order) -> None:
    """Call inside the transaction that captures."""
    if order.qr_code_id:
        credit_qr_code(gateway, payment)
        return
    if order.status == "paid":
        record_order_paid(gateway, payment, order)
    if order.link_id:
        pay_link(gateway, payment, order)
