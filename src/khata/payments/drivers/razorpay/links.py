"""Payment links: the link is our order, and the order Razorpay makes behind it once somebody opens it stays there."""

import re
from collections.abc import Mapping

from khata.payments import facts
from khata.payments.drivers.razorpay import fields
from khata.payments.drivers.razorpay.fields import items
from khata.payments.drivers.razorpay.reading import Reading, same_order
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import Order, OrderRequest, Refused, Unavailable, Unknown
from khata.payments.rest import Json, RestClient

PREFIX = "plink_"
_LINKS = "/v1/payment_links"
_NAMED_BY_PAYMENT = re.compile(r"#([A-Za-z0-9]{1,40})")


def create(client: RestClient, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
    """A reference is taken once for ever, so the link an earlier try made is looked up by it."""
    found = _find(client, request)
    if found is not None:
        return found
    answer = client.post(_LINKS, _wanted(request))
    if not isinstance(answer, dict):
        return answer
    try:
        return _order_from(answer)
    except NotUnderstood as error:
        return Unknown(f"the new payment link cannot be read: {error}")


def read(client: RestClient, link_ref: str) -> Reading | Refused | Unavailable:
    """Raises NotUnderstood."""
    # The link first: a payment captured between the two reads is then seen in the second.
    link = client.get(f"{_LINKS}/{link_ref}")
    if not isinstance(link, dict):
        return link
    payments: list[Json] = []
    inner_ref = fields.reference_or_none(link, "order_id")
    if inner_ref is not None:
        listed = client.get(f"/v1/orders/{fields.reference(link, 'order_id', 'order_')}/payments")
        if not isinstance(listed, dict):
            return listed
        payments = [_renamed(payment, inner_ref, link_ref) for payment in items(listed)]
    is_paid = link.get("status") == "paid"
    return Reading(_order_from(link), is_paid, facts.whole(link, "amount_paid"), payments)


def close(client: RestClient, link_ref: str) -> Refused | Unavailable | Unknown | None:
    answer = client.post(f"{_LINKS}/{link_ref}/cancel", {})
    return None if isinstance(answer, dict) else answer


def named_by(payment: Json) -> str | None:
    """The link a payment says it paid: its description is the link's id without the prefix. A payer may forge it."""
    named = _NAMED_BY_PAYMENT.fullmatch(text(payment.get("description")))
    return PREFIX + named[1] if named else None


def origin_of(client: RestClient, payment: Json) -> str | Unavailable | None:
    """The link that a payment with an order really belongs to; None where there is none."""
    link_ref = named_by(payment)
    if link_ref is None:
        return None
    link = client.get(f"{_LINKS}/{link_ref}")
    if isinstance(link, Unavailable):
        return link
    is_its_own = isinstance(link, dict) and link.get("order_id") == payment["order_id"]
    return link_ref if is_its_own else None


def return_message(order_ref: str, brought: Mapping[str, str]) -> str:
    """What the signature of a payer's return covers."""
    signed = ("reference_id", "status")
    middle = "|".join(brought.get(f"razorpay_payment_link_{name}", "") for name in signed)
    return f"{order_ref}|{middle}|{brought.get('razorpay_payment_id', '')}"


def _wanted(request: OrderRequest) -> Json:
    assert request.expires_at is not None
    return {
        "amount": request.amount_minor,
        "currency": request.currency,
        "accept_partial": False,
        "reference_id": request.receipt,
        "description": request.description,
        "expire_by": int(request.expires_at.timestamp()),
        # Whom to send it to is our customer's affair.
        "notify": {"sms": False, "email": False},
        "reminder_enable": False,
        "notes": dict(request.notes),
        "callback_url": request.return_url,
        "callback_method": "get",
    }


def _find(client: RestClient, request: OrderRequest) -> Order | Refused | Unavailable | None:
    answer = client.get(_LINKS, {"reference_id": request.receipt})
    if not isinstance(answer, dict):
        return answer
    try:
        found = [_order_from(link) for link in items({"items": answer.get("payment_links")})]
    except NotUnderstood as error:
        return Unavailable(f"cannot be understood: {error}")
    return next((same_order(order, request) for order in found if order.receipt == request.receipt), None)


def _order_from(link: Json) -> Order:
    return Order(
        order_ref=fields.reference(link, "id", PREFIX),
        amount_minor=facts.whole(link, "amount"),
        currency=facts.currency(link),
        receipt=text(link.get("reference_id")),
        pay_url=fields.web_address(link, "short_url"),
    )


def _renamed(payment: Json, inner_ref: str, link_ref: str) -> Json:
    """What names another order still is, and belongs to nobody here."""
    return {**payment, "order_id": link_ref} if payment.get("order_id") == inner_ref else payment
