"""UPI QR codes for one payment of a fixed amount: the code is our order, and its payments name no other."""

from datetime import timedelta

from khata.payments import facts
from khata.payments.drivers.razorpay import fields
from khata.payments.drivers.razorpay.fields import items
from khata.payments.drivers.razorpay.listing import read_all
from khata.payments.drivers.razorpay.reading import Reading, same_order
from khata.payments.facts import NotUnderstood, part, text
from khata.payments.port import Order, OrderRequest, Refused, Unavailable, Unknown
from khata.payments.rest import Json, RestClient

PREFIX = "qr_"
_CODES = "/v1/payments/qr_codes"
_LOOKED_BACK = timedelta(hours=2)
"""From the end of a code's time: longer than a code is ever asked for."""


def create(client: RestClient, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
    """Neither an idempotency key nor a reference here: the receipt is kept in the notes and looked for there."""
    found = _find(client, request)
    if found is not None:
        return found
    answer = client.post(_CODES, _wanted(request))
    if not isinstance(answer, dict):
        return answer
    try:
        return _order_from(answer)
    except NotUnderstood as error:
        return Unknown(f"the new QR code cannot be read: {error}")


def read(client: RestClient, code_ref: str) -> Reading | Refused | Unavailable:
    """Raises NotUnderstood."""
    # The code first: a payment captured between the two reads is then seen in the second.
    code = client.get(f"{_CODES}/{code_ref}")
    if not isinstance(code, dict):
        return code
    listed = read_all(client, f"{_CODES}/{code_ref}/payments")
    if not isinstance(listed, list):
        return listed
    order, received_minor = _order_from(code), facts.whole(code, "payments_amount_received")
    is_paid = received_minor >= order.amount_minor
    return Reading(order, is_paid, received_minor, [_renamed(payment, code_ref) for payment in listed])


def close(client: RestClient, code_ref: str) -> Refused | Unavailable | Unknown | None:
    answer = client.post(f"{_CODES}/{code_ref}/close", {})
    return None if isinstance(answer, dict) else answer


def origin_of(client: RestClient, payment: Json) -> str | Unavailable | None:
    """The code that a payment without an order was made by; None where there is none. Raises NotUnderstood."""
    answer = client.get(_CODES, {"payment_id": fields.reference(payment, "id", "pay_")})
    if isinstance(answer, Unavailable):
        return answer
    found = items(answer) if isinstance(answer, dict) else []
    return fields.reference(found[0], "id", PREFIX) if found else None


def _wanted(request: OrderRequest) -> Json:
    assert request.expires_at is not None
    return {
        "type": "upi_qr",
        "usage": "single_use",
        "fixed_amount": True,
        "payment_amount": request.amount_minor,
        "name": request.description,
        "description": request.description,
        "close_by": int(request.expires_at.timestamp()),
        "notes": {**request.notes, "receipt": request.receipt},
    }


def _find(client: RestClient, request: OrderRequest) -> Order | Refused | Unavailable | None:
    assert request.expires_at is not None
    since = int((request.expires_at - _LOOKED_BACK).timestamp())
    try:
        found = read_all(client, _CODES, {"from": str(since)})
        if not isinstance(found, list):
            return found
        mine = [code for code in found if text(part(code, "notes").get("receipt")) == request.receipt]
        return same_order(_order_from(mine[0]), request) if mine else None
    except NotUnderstood as error:
        return Unavailable(f"cannot be understood: {error}")


def _order_from(code: Json) -> Order:
    """Every code is in rupees: UPI knows no other money."""
    return Order(
        order_ref=fields.reference(code, "id", PREFIX),
        amount_minor=facts.whole(code, "payment_amount"),
        currency="INR",
        receipt=text(part(code, "notes").get("receipt")),
        pay_url=fields.web_address(code, "image_url"),
        upi_uri=fields.upi_address(code, "image_content"),
    )


def _renamed(payment: Json, code_ref: str) -> Json:
    return {**payment, "order_id": code_ref} if payment.get("order_id") is None else payment
