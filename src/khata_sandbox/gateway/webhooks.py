"""Delivery of webhook events: in order per order of payment, signed over the raw body, repeated for a day.

Everything is driven from rows, so a restarted gateway goes on where the last one stopped.
"""

import asyncio
from collections import defaultdict
from dataclasses import replace

import httpx

from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_reference
from khata_sandbox.gateway.knobs import are_webhooks_disabled, disable_webhooks
from khata_sandbox.gateway.rows import Delivery, Event
from khata_sandbox.gateway.signatures import webhook_signature
from khata_sandbox.gateway.switches import strike

ANSWER_TIMEOUT_S = 5
"""On the wall, whatever the gateway's clock does."""
RETRY_FIRST_S = 5
RETRY_LONGEST_S = 3600
GIVE_UP_AFTER_S = 86_400
BATCH_SIZE = 200


async def deliver_due(gateway: Gateway, client: httpx.AsyncClient) -> int:
    """Tries every event whose time has come, once (twice with the switch for it); returns how many."""
    if are_webhooks_disabled(gateway.store):
        return 0
    due = gateway.store.select(Event, "state = 'waiting' AND next_try_at <= ?", gateway.clock.now())[-BATCH_SIZE:]
    by_order: defaultdict[str, list[Event]] = defaultdict(list)
    for event in reversed(due):
        by_order[event.order_id].append(event)
    await asyncio.gather(*(_deliver_in_turn(gateway, client, order_id, by_order[order_id]) for order_id in by_order))
    return len(due)


def send_again(gateway: Gateway, event_id: str) -> None:
    """Puts an event back in the queue whatever became of it; its id and body stay the same."""
    now = gateway.clock.now()
    with gateway.store.transaction():
        event = gateway.store.get(Event, event_id)
        if event is not None and gateway.settings.webhook_url:
            gateway.store.save(replace(event, state="waiting", created_at=now, next_try_at=now, tries=0))


def retry_wait_s(tries: int) -> int:
    """Seconds until the next try, after so many: 5, 10, 20, … at most an hour."""
    return min(RETRY_FIRST_S << min(tries - 1, 20), RETRY_LONGEST_S)


async def _deliver_in_turn(gateway: Gateway, client: httpx.AsyncClient, order_id: str, events: list[Event]) -> None:
    if len(events) > 1 and strike(gateway, "webhook_reorder", order_id):
        events.reverse()
    for event in events:
        await _deliver(gateway, client, event)


async def _deliver(gateway: Gateway, client: httpx.AsyncClient, event: Event) -> None:
    tries = [await _send(gateway, client, event)]
    if strike(gateway, "webhook_duplicate", event.id, event.order_id):
        tries.append(await _send(gateway, client, event))
    is_delivered = any(delivery.status is not None and 200 <= delivery.status < 300 for delivery in tries)
    with gateway.store.transaction():
        current = gateway.store.get(Event, event.id)
        if current is None:  # reset while it was on its way
            return
        for delivery in tries:
            gateway.store.save(delivery)
        gateway.store.save(_after_try(gateway, current, is_delivered=is_delivered))


def _after_try(gateway: Gateway, event: Event, *, is_delivered: bool) -> Event:
    now, tries = gateway.clock.now(), event.tries + 1
    if is_delivered:
        return replace(event, state="delivered", tries=tries)
    if now - event.created_at >= GIVE_UP_AFTER_S:
        disable_webhooks(gateway.store)
        return replace(event, state="given_up", tries=tries)
    return replace(event, tries=tries, next_try_at=now + retry_wait_s(tries))


async def _send(gateway: Gateway, client: httpx.AsyncClient, event: Event) -> Delivery:
    body = event.body.encode()
    secret = gateway.settings.webhook_secret
    if strike(gateway, "webhook_bad_signature", event.id, event.order_id):
        secret += "-forged"
    signature = webhook_signature(secret, body)
    status, detail = await _post(gateway.settings.webhook_url, client, event, body, signature)
    return Delivery(new_reference(14), event.id, gateway.clock.now(), status, detail, signature)


async def _post(
    url: str, client: httpx.AsyncClient, event: Event, body: bytes, signature: str
) -> tuple[int | None, str]:
    """The answer's status, or None and what went wrong."""
    headers = {
        "content-type": "application/json",
        "x-razorpay-signature": signature,
        "x-razorpay-event-id": event.id,
    }
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            response = await client.post(url, content=body, headers=headers)
    except TimeoutError:
        return None, f"no answer within {ANSWER_TIMEOUT_S} s"
    except httpx.HTTPError as error:
        return None, type(error).__name__
    return response.status_code, response.reason_phrase
