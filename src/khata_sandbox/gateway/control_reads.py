"""What the control page and `/_sandbox` show of everything the gateway has seen."""

import json
from collections.abc import Callable
from typing import Any

from khata_sandbox.gateway.customer_entities import customer_entity, token_entity
from khata_sandbox.gateway.customer_rows import Customer, Token
from khata_sandbox.gateway.downtimes import downtime_entity
from khata_sandbox.gateway.entities import order_entity, payment_entity, refund_entity
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.link_entities import link_entity, qr_code_entity
from khata_sandbox.gateway.link_rows import PaymentLink, QrCode
from khata_sandbox.gateway.payment_links import captured_payments
from khata_sandbox.gateway.rows import Delivery, Event, Order, Payment, Refund
from khata_sandbox.gateway.settlement_entities import dispute_entity, settlement_entity
from khata_sandbox.gateway.settlement_rows import Dispute, Downtime, Settlement
from khata_sandbox.gateway.store import AnyRow

Json = dict[str, Any]


def event_entity(gateway: Gateway, event: Event) -> Json:
    """An event with every try to deliver it, the newest first."""
    tries = gateway.store.select(Delivery, "event_id = ?", event.id)
    return {
        "id": event.id,
        "event": event.kind,
        "order_id": event.order_id,
        "state": event.state,
        "created_at": event.created_at,
        "next_try_at": event.next_try_at if event.state == "waiting" else None,
        "body": json.loads(event.body),
        "tries": [
            {"at": one.at, "status": one.status, "detail": one.detail, "signature": one.signature} for one in tries
        ],
    }


def _list(row_type: type[AnyRow], entity: Callable[[AnyRow], Json]) -> Callable[[Gateway], list[Json]]:
    return lambda gateway: [entity(row) for row in gateway.store.select(row_type, "true")]


def _links(gateway: Gateway) -> list[Json]:
    links = gateway.store.select(PaymentLink, "true")
    return [link_entity(link, captured_payments(gateway, link)) for link in links]


def _events(gateway: Gateway) -> list[Json]:
    return [event_entity(gateway, event) for event in gateway.store.select(Event, "true")]


LISTS: dict[str, Callable[[Gateway], list[Json]]] = {
    "orders": _list(Order, order_entity),
    "payments": _list(Payment, payment_entity),
    "refunds": _list(Refund, refund_entity),
    "disputes": _list(Dispute, dispute_entity),
    "settlements": _list(Settlement, settlement_entity),
    "payment_links": _links,
    "qr_codes": _list(QrCode, qr_code_entity),
    "customers": _list(Customer, customer_entity),
    "tokens": _list(Token, token_entity),
    "downtimes": _list(Downtime, downtime_entity),
    "events": _events,
}
"""Newest first, by the last word of their address."""
