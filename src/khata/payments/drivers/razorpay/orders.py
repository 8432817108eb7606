"""Orders paid at the checkout."""

from khata.payments.drivers.razorpay import recurring
from khata.payments.drivers.razorpay.entities import is_paid, order_from, paid_minor
from khata.payments.drivers.razorpay.fields import items
from khata.payments.drivers.razorpay.reading import Reading, same_order
from khata.payments.facts import NotUnderstood
from khata.payments.port import Order, OrderRequest, Refused, Unavailable, Unknown
from khata.payments.rest import RestClient


def create(client: RestClient, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
    """Razorpay has no idempotency key for orders, so an order of the same receipt is looked up before each try."""
    found = _find(client, request)
    if found is not None:
        return found
    answer = client.post(
        "/v1/orders",
        {
            "amount": request.amount_minor,
            "currency": request.currency,
            "receipt": request.receipt,
            "notes": dict(request.notes),
            # Said here, since the account's own default may be to leave payments uncaptured.
            "payment_capture": 1,
            **recurring.order_fields(request),
        },
    )
    if not isinstance(answer, dict):
        return answer
    try:
        return order_from(answer)
    except NotUnderstood as error:
        return Unknown(f"the new order cannot be read: {error}")


def read(client: RestClient, order_ref: str) -> Reading | Refused | Unavailable:
    """Raises NotUnderstood."""
    # The order first: a payment captured between the two reads is then seen in the second.
    order = client.get(f"/v1/orders/{order_ref}")
    if not isinstance(order, dict):
        return order
    listed = client.get(f"/v1/orders/{order_ref}/payments")
    if not isinstance(listed, dict):
        return listed
    return Reading(order_from(order), is_paid(order), paid_minor(order), items(listed))


def _find(client: RestClient, request: OrderRequest) -> Order | Refused | Unavailable | None:
    """The order made for this receipt by an earlier try; None where there is none."""
    answer = client.get("/v1/orders", {"receipt": request.receipt})
    if not isinstance(answer, dict):
        return answer
    try:
        found = [order_from(item) for item in items(answer)]
    except NotUnderstood as error:
        return Unavailable(f"cannot be understood: {error}")
    return next((same_order(order, request) for order in found if order.receipt == request.receipt), None)
