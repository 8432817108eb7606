"""What is read of an order before its refunds and disputes: the same for orders, payment links and QR codes."""

from dataclasses import dataclass

from khata.payments.port import Order, OrderRequest, Refused
from khata.payments.rest import Json


@dataclass(frozen=True, slots=True)
class Reading:
    """`payments` are the API's own objects, each with the reference of our order as its `order_id`."""

    order: Order
    is_paid: bool
    paid_minor: int
    payments: list[Json]


def same_order(order: Order, request: OrderRequest) -> Order | Refused:
    """An earlier try's order, which the receipt found."""
    if (order.amount_minor, order.currency) != (request.amount_minor, request.currency):
        return Refused("receipt_taken", f"the receipt {request.receipt} belongs to an order of another amount")
    return order
