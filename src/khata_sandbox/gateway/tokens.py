"""Tokens: a card kept for the next payment, and mandates under which a merchant may charge again."""

import json
from dataclasses import replace

from khata_sandbox.gateway.customer_entities import token_entity
from khata_sandbox.gateway.customer_rows import Customer, Token
from khata_sandbox.gateway.errors import ApiError, unknown_id
from khata_sandbox.gateway.events import record_event
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id, new_reference
from khata_sandbox.gateway.rows import Order, Payment

CARD_KEPT_S = 4 * 365 * 86_400
MANDATE_S = 10 * 365 * 86_400


def keep_instrument(gateway: Gateway, payment: Payment) -> Payment:
    """The payment with its new token, if one was asked for. Call inside the transaction that saves."""
    is_wanted = payment.is_mandate or (payment.is_saved and payment.method == "card")
    if not is_wanted or payment.customer_id is None or payment.token_id is not None:
        return payment
    token = _token(gateway, payment, payment.customer_id)
    gateway.store.save(token)
    if token.is_mandate:
        _record(gateway, "token.confirmed", token)
    return replace(payment, token_id=token.id)


def load_token(gateway: Gateway, customer: Customer, token_id: str) -> Token:
    """Raises ApiError for an id the customer does not have."""
    token = gateway.store.get(Token, token_id)
    if token is None or token.customer_id != customer.id or token.status == "deleted":
        raise unknown_id()
    return token


def tokens_of(gateway: Gateway, customer: Customer) -> list[Token]:
    """Newest first."""
    return gateway.store.select(Token, "customer_id = ? AND status <> 'deleted'", customer.id)


def delete_token(gateway: Gateway, customer: Customer, token_id: str) -> None:
    with gateway.store.transaction():
        gateway.store.save(replace(load_token(gateway, customer, token_id), status="deleted"))


def cancel_token(gateway: Gateway, customer: Customer, token_id: str) -> Token:
    """The mandate ends. Raises ApiError for one that has ended, or that never was one."""
    token = load_token(gateway, customer, token_id)
    return change_mandate(gateway, token, "cancelled")


def change_mandate(gateway: Gateway, token: Token, status: str) -> Token:
    """confirmed, paused or cancelled, as payers do in their app. Raises ApiError where nothing is to change."""
    if not token.is_mandate or token.status in (status, "cancelled"):
        raise ApiError(f"The token cannot be {status}.")
    with gateway.store.transaction():
        token = replace(token, status=status)
        gateway.store.save(token)
        _record(gateway, f"token.{status}", token)
    return token


def _token(gateway: Gateway, payment: Payment, customer_id: str) -> Token:
    now = int(gateway.clock.now())
    order = gateway.store.get(Order, payment.order_id)
    terms = json.loads(order.mandate) if order is not None and order.mandate else {}
    return Token(
        id=new_id("token"),
        customer_id=customer_id,
        reference=new_reference(14),
        method=payment.method,
        status="confirmed",
        is_mandate=payment.is_mandate,
        created_at=now,
        used_at=now,
        expires_at=terms.get("expire_at") or now + (MANDATE_S if payment.is_mandate else CARD_KEPT_S),
        amount_maximum_minor=terms.get("max_amount"),
        vpa=payment.vpa,
        bank=payment.bank,
        wallet=payment.wallet,
        card_network=payment.card_network,
        card_last4=payment.card_last4,
        card_type=payment.card_type,
        is_international=payment.is_international,
    )


def _record(gateway: Gateway, kind: str, token: Token) -> None:
    record_event(gateway, kind, token.id, {"token": token_entity(token)})
