"""Delivery of webhook events: in order per order of payment, signed over the raw body, repeated for a day.

Everything is driven from rows, so a restarted gateway goes on where the last one stopped.
"""

import asyncio
from collections import defaultdict
from dataclasses import replace

import httpx

from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_reference
from khata_sandbox.gateway.rows import Delivery, Event
from khata_sandbox.gateway.signatures import webhook_signature
from khata_sandbox.gateway.switches import WEBHOOKS_DISABLED, set_switch, switch_value

ANSWER_TIMEOUT_S = 5
RETRY_FIRST_S = 5
RETRY_LONGEST_S = 3600
GIVE_UP_AFTER_S = 86_400
BATCH_SIZE = 200


async def deliver_due(gateway: Gateway, client: httpx.AsyncClient) -> int:
    """Tries every event whose time has come, once (twice with the switch for it); returns how many."""
    if switch_value(gateway.store, WEBHOOKS_DISABLED):
        return 0
    due = gateway.store.select(Event, "state = 'waiting' AND next_try_at <= ?", gateway.clock.now())[-BATCH_SIZE:]
    if not switch_value(gateway.store, "webhook_reorder"):
        due.reverse()
    by_order: defaultdict[str, list[Event]] = defaultdict(list)
    for event in due:
        by_order[event.order_id].append(event)
    await asyncio.gather(*(_deliver_in_turn(gateway, client, events) for events in by_order.values()))
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


async def _deliver_in_turn(gateway: Gateway, client: httpx.AsyncClient, events: list[Event]) -> None:
    for event in events:
        await _deliver(gateway, client, event)


async def _deliver(gateway: Gateway, client: httpx.AsyncClient, event: Event) -> None:
    answers = [await _send(gateway, client, event)]
    if switch_value(gateway.store, "webhook_duplicate"):
        answers.append(await _send(gateway, client, event))
    is_delivered = any(status is not None and 200 <= status < 300 for status, _ in answers)
    now = gateway.clock.now()
    with gateway.store.transaction():
        current = gateway.store.get(Event, event.id)
        if current is None:  # reset while it was on its way
            return
        for status, detail in answers:
            gateway.store.save(Delivery(new_reference(14), event.id, now, status, detail))
        gateway.store.save(_after_try(gateway, current, now, is_delivered=is_delivered))


def _after_try(gateway: Gateway, event: Event, now: float, *, is_delivered: bool) -> Event:
    tries = event.tries + 1
    if is_delivered:
        return replace(event, state="delivered", tries=tries)
    if now - event.created_at >= gateway.clock.span(GIVE_UP_AFTER_S):
        set_switch(gateway.store, WEBHOOKS_DISABLED, 1)
        return replace(event, state="given_up", tries=tries)
    return replace(event, tries=tries, next_try_at=now + gateway.clock.span(retry_wait_s(tries)))


async def _send(gateway: Gateway, client: httpx.AsyncClient, event: Event) -> tuple[int | None, str]:
    """The answer's status, or None and what went wrong."""
    body = event.body.encode()
    secret = gateway.settings.webhook_secret
    if switch_value(gateway.store, "webhook_bad_signature"):
        secret += "-forged"
    headers = {
        "content-type": "application/json",
        "x-razorpay-signature": webhook_signature(secret, body),
        "x-razorpay-event-id": event.id,
    }
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            response = await client.post(gateway.settings.webhook_url, content=body, headers=headers)
    except TimeoutError:
        return None, f"no answer within {ANSWER_TIMEOUT_S} s"
    except httpx.HTTPError as error:
        return None, type(error).__name__
    return response.status_code, response.reason_phrase
