"""The payer's way back to the shop after a success, and what can go wrong on it. Each showing of it is one draw."""

import logging

import httpx

from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.rows import Payment
from khata_sandbox.gateway.switches import strike

SIGNATURE_FIELD = "razorpay_signature"
TIMEOUT_S = 10

logger = logging.getLogger(__name__)


def fields_on_the_way(gateway: Gateway, payment: Payment, fields: dict[str, str]) -> dict[str, str]:
    """What arrives of what the browser carries; nothing where the payer gets lost."""
    ids = (payment.id, payment.order_id)
    if strike(gateway, "return_lost", *ids):
        return {}
    if strike(gateway, "return_forged", *ids):
        return fields | {SIGNATURE_FIELD: fields[SIGNATURE_FIELD][::-1]}
    return fields


def does_return_twice(gateway: Gateway, payment: Payment) -> bool:
    return strike(gateway, "return_twice", payment.id, payment.order_id) is not None


async def return_by_itself(url: str, fields: dict[str, str]) -> None:
    """The same return once more, whatever the browser does; its answer interests nobody."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as client:
            await client.post(url, data=fields)
    except httpx.HTTPError as error:
        logger.warning("The return that comes by itself did not arrive: %s", type(error).__name__)
