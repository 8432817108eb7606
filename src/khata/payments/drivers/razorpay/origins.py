"""Payments of links and codes in the account's list, which calls them by an order of its own or by none."""

from collections.abc import Iterable

from khata.payments.drivers.razorpay import links, qr_codes
from khata.payments.facts import text
from khata.payments.port import Unavailable
from khata.payments.rest import Json, RestClient

_TAKEN = ("captured", "refunded")


def with_origins(client: RestClient, payments: Iterable[Json]) -> list[Json] | Unavailable:
    """The same payments, those that took money by a link or a code with its reference as `order_id`.

    Raises NotUnderstood.
    """
    named: list[Json] = []
    for payment in payments:
        origin = _origin_of(client, payment) if text(payment.get("status")) in _TAKEN else None
        if isinstance(origin, Unavailable):
            return origin
        named.append({**payment, "order_id": origin} if origin else payment)
    return named


def _origin_of(client: RestClient, payment: Json) -> str | Unavailable | None:
    if payment.get("order_id") is None:
        return qr_codes.origin_of(client, payment)
    return links.origin_of(client, payment)
