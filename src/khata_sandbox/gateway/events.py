"""Webhook events: written with the change they tell about, in the order it happened."""

import json

from khata_sandbox.gateway.entities import Json, order_entity, payment_entity, refund_entity
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import account_id, new_reference
from khata_sandbox.gateway.knobs import are_webhooks_disabled
from khata_sandbox.gateway.rows import Event, Order, Payment, Refund
from khata_sandbox.gateway.switches import strike


def record_payment_event(gateway: Gateway, kind: str, payment: Payment) -> None:
    """payment.authorized, payment.captured or payment.failed. Call inside the transaction that saves the payment."""
    record_event(gateway, kind, payment.order_id, {"payment": payment_entity(payment, with_card=True)})


def record_order_paid(gateway: Gateway, payment: Payment, order: Order) -> None:
    entities = {"payment": payment_entity(payment, with_card=True), "order": order_entity(order)}
    record_event(gateway, "order.paid", order.id, entities)


def record_refund_event(gateway: Gateway, kind: str, refund: Refund, payment: Payment) -> None:
    entities = {"refund": refund_entity(refund), "payment": payment_entity(payment, with_card=True)}
    record_event(gateway, kind, payment.order_id, entities)


def record_event(gateway: Gateway, kind: str, order_id: str, entities: dict[str, Json]) -> None:
    """Any event with what it tells about; `order_id` names what its events are kept in turn for."""
    now = gateway.clock.now()
    ids = (*(entity.get("id") for entity in entities.values()), order_id)
    delay = strike(gateway, "webhook_delay", *ids)
    envelope = {
        "entity": "event",
        "account_id": account_id(gateway.settings.key_id),
        "event": kind,
        "contains": list(entities),
        "payload": {name: {"entity": entity} for name, entity in entities.items()},
        "created_at": int(now),
    }
    gateway.store.save(
        Event(
            id=new_reference(14),
            kind=kind,
            order_id=order_id,
            body=json.dumps(envelope, separators=(",", ":")),
            state=_first_state(gateway, ids),
            created_at=now,
            next_try_at=now + (delay.value if delay else 0),
        )
    )


def _first_state(gateway: Gateway, ids: tuple[str | None, ...]) -> str:
    if strike(gateway, "webhook_drop", *ids):
        return "dropped"
    if not gateway.settings.webhook_url or are_webhooks_disabled(gateway.store):
        return "unsent"
    return "waiting"
