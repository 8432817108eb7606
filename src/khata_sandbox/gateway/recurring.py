"""Charges under a mandate: asked for now, debited when the payer has had their notice."""

import json

from khata_sandbox.gateway.customer_rows import Token
from khata_sandbox.gateway.customers import load_customer
from khata_sandbox.gateway.errors import ApiError, invalid
from khata_sandbox.gateway.fields import Given, amount_field, currency_field, text_field
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.orders import load_order, payments_of
from khata_sandbox.gateway.payments import begin_payment, fail, succeed
from khata_sandbox.gateway.requests import notes_text, refuse_others
from khata_sandbox.gateway.rows import Order, Payment
from khata_sandbox.gateway.tokens import load_token

NOTICE_S = {"upi": 25 * 3600, "card": 36 * 3600}
"""From the charge to the debit: the payer's notice, and what the banks add to it."""
BANK_SILENCE_S = 86_400
FIELDS = (
    "email",
    "contact",
    "amount",
    "currency",
    "order_id",
    "customer_id",
    "token",
    "recurring",
    "description",
    "notes",
)


def charge(gateway: Gateway, given: Given) -> Payment:
    """A payment in status created, debited hours later. Raises ApiError where the mandate does not allow it."""
    refuse_others(given, FIELDS)
    if given.get("recurring") not in (True, "1", "true"):
        raise invalid("recurring", "The recurring field must be true.")
    customer = load_customer(gateway, text_field(given, "customer_id", 40) or "")
    token = load_token(gateway, customer, text_field(given, "token", 40) or "")
    order = load_order(gateway, text_field(given, "order_id", 40) or "")
    amount_minor = amount_field(given)
    _check_order(gateway, order, amount_minor, currency_field(given))
    _check_token(gateway, token, amount_minor)
    return begin_payment(gateway, _payment(gateway, given, order, token))


def charge_due(gateway: Gateway) -> None:
    """Debits every charge whose time has come, unless the mandate ended meanwhile. Safe to run at any moment."""
    condition = "status = 'created' AND debit_at <= ?"
    for payment in gateway.store.select(Payment, condition, gateway.clock.now()):
        token = gateway.store.get(Token, payment.token_id or "")
        if token is not None and token.status == "confirmed":
            succeed(gateway, payment.id)
        else:
            fail(gateway, payment.id, "payment_declined")


def _check_order(gateway: Gateway, order: Order, amount_minor: int, currency: str) -> None:
    if order.status == "paid":
        raise ApiError("Payment declined: the order is already paid", reason="order_already_paid")
    if (amount_minor, currency) != (order.amount_minor, order.currency):
        raise ApiError("Your payment amount is different from your order amount.", reason="order_amount_mismatch")
    if any(payment.status in ("created", "authorized") for payment in payments_of(gateway, order)):
        raise ApiError("Payment processing cannot be done: another payment of the order is in progress")


def _check_token(gateway: Gateway, token: Token, amount_minor: int) -> None:
    if not token.is_mandate or token.status != "confirmed":
        raise ApiError("The token is not confirmed for recurring payments")
    if token.expires_at <= gateway.clock.now():
        raise ApiError("The token has expired")
    if token.amount_maximum_minor is not None and amount_minor > token.amount_maximum_minor:
        raise invalid("amount", "The amount is greater than the maximum amount of the token")


def _payment(gateway: Gateway, given: Given, order: Order, token: Token) -> Payment:
    now = gateway.clock.now()
    debit_at = max(now + NOTICE_S.get(token.method, NOTICE_S["card"]), _payment_after(order))
    payment_id = new_id("pay")
    return Payment(
        id=payment_id,
        order_id=order.id,
        session_id="",
        attempt_key=payment_id,
        amount_minor=order.amount_minor,
        currency=order.currency,
        method=token.method,
        stage="wait",
        outcome="success",
        description=text_field(given, "description", 255) or "",
        email=text_field(given, "email", 254) or "",
        contact=str(given.get("contact") or ""),
        created_at=int(now),
        times_out_at=debit_at + BANK_SILENCE_S,
        debit_at=debit_at,
        notes=notes_text(given.get("notes")),
        customer_id=token.customer_id,
        token_id=token.id,
        vpa=token.vpa,
        bank=token.bank,
        wallet=token.wallet,
        card_id=new_id("card") if token.method == "card" else None,
        card_network=token.card_network,
        card_last4=token.card_last4,
        card_type=token.card_type,
        is_international=token.is_international,
    )


def _payment_after(order: Order) -> float:
    return float(json.loads(order.notification).get("payment_after") or 0) if order.notification else 0.0
