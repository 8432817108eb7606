"""Orders: what a merchant asks to be paid."""

import json
from dataclasses import replace
from typing import Any

from khata_sandbox.gateway.customer_rows import Token
from khata_sandbox.gateway.customers import load_customer
from khata_sandbox.gateway.errors import invalid, unknown_id
from khata_sandbox.gateway.fields import (
    Given,
    amount_field,
    choice_field,
    currency_field,
    flag_field,
    object_field,
    text_field,
    whole_field,
)
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.requests import INSTANT_MAXIMUM, INSTANT_MINIMUM, PageRequest, notes_text, refuse_others
from khata_sandbox.gateway.rows import Order, Payment

RECEIPT_LENGTH_MAXIMUM = 40
METHODS = ("card", "netbanking", "wallet", "upi")
FREQUENCIES = (
    "as_presented",
    "daily",
    "weekly",
    "fortnightly",
    "bimonthly",
    "monthly",
    "quarterly",
    "half_yearly",
    "yearly",
)
FIELDS = (
    "amount",
    "currency",
    "receipt",
    "notes",
    "partial_payment",
    "first_payment_min_amount",
    "payment",
    "payment_capture",
    "method",
    "customer_id",
    "token",
    "notification",
)
MANDATE_FIELDS = ("max_amount", "expire_at", "frequency", "recurring_value", "recurring_type")
CAPTURE_OPTIONS = ("automatic_expiry_period", "manual_expiry_period", "refund_speed")


def create_order(gateway: Gateway, given: Given) -> Order:
    """Raises ApiError for anything that is missing, wrong or not known here."""
    refuse_others(given, FIELDS)
    is_partial = flag_field(given, "partial_payment")
    order = Order(
        id=new_id("order"),
        amount_minor=amount_field(given),
        currency=currency_field(given),
        receipt=text_field(given, "receipt", RECEIPT_LENGTH_MAXIMUM),
        notes=notes_text(given.get("notes")),
        is_capture_automatic=int(_is_capture_automatic(given)),
        created_at=int(gateway.clock.now()),
        is_partial=int(is_partial),
        first_part_minor=_first_part(given) if is_partial else None,
        method=choice_field(given, "method", METHODS) if given.get("method") else None,
        customer_id=_customer(gateway, given),
        mandate=_mandate(given),
        notification=_notification(gateway, given),
    )
    with gateway.store.transaction():
        gateway.store.save(order)
    return order


def set_order_notes(gateway: Gateway, order_id: str, given: Given) -> Order:
    refuse_others(given, ("notes",))
    notes = notes_text(given.get("notes"))
    with gateway.store.transaction():
        order = replace(load_order(gateway, order_id), notes=notes)
        gateway.store.save(order)
    return order


def load_order(gateway: Gateway, order_id: str) -> Order:
    """Raises ApiError for an id nobody knows."""
    order = gateway.store.get(Order, order_id)
    if order is None or order.qr_code_id:
        raise unknown_id()
    return order


def list_orders(gateway: Gateway, page: PageRequest, *, receipt: str | None, authorized: str | None) -> list[Order]:
    """Newest first. `authorized` "1" keeps orders with an authorised payment, "0" those without."""
    condition = "qr_code_id = '' AND created_at BETWEEN ? AND ?"
    values: list[str | int] = [page.from_at, page.to_at]
    if receipt is not None:
        condition += " AND receipt = ?"
        values.append(receipt)
    if authorized not in (None, "0", "1"):
        raise invalid("authorized", "The authorized must be 0 or 1.")
    if authorized is not None:
        condition += " AND (id IN (SELECT order_id FROM payments WHERE status = 'authorized')) = ?"
        values.append(int(authorized))
    return gateway.store.select(Order, condition, *values, limit=page.count, skip=page.skip)


def payments_of(gateway: Gateway, order: Order) -> list[Payment]:
    """All attempts, newest first."""
    return gateway.store.select(Payment, "order_id = ?", order.id)


def _is_capture_automatic(given: Given) -> bool:
    """The order's own wish, in the old spelling or the new one; the account's default is automatic."""
    payment = object_field(given, "payment", ("capture", "capture_options"))
    object_field(payment, "capture_options", CAPTURE_OPTIONS)
    if payment.get("capture", "automatic") not in ("automatic", "manual"):
        raise invalid("payment", "The capture must be automatic or manual.")
    if given.get("payment_capture", 1) not in (0, 1, "0", "1"):
        raise invalid("payment_capture", "The payment_capture must be 0 or 1.")
    if "payment" in given:
        return bool(payment.get("capture", "automatic") == "automatic")
    return given.get("payment_capture", 1) in (1, "1")


def _first_part(given: Given) -> int | None:
    if given.get("first_payment_min_amount") is None:
        return None
    first_minor = amount_field(given, "first_payment_min_amount")
    if first_minor > amount_field(given):
        raise invalid("first_payment_min_amount", "The first_payment_min_amount may not be greater than the amount.")
    return first_minor


def _customer(gateway: Gateway, given: Given) -> str | None:
    customer_id = text_field(given, "customer_id", 40)
    if given.get("token") and not customer_id:
        raise invalid("customer_id", "The customer id field is required.")
    return load_customer(gateway, customer_id).id if customer_id else None


def _mandate(given: Given) -> str:
    terms = object_field(given, "token", MANDATE_FIELDS)
    if not terms:
        return ""
    if terms.get("max_amount") is not None and amount_field(terms, "max_amount") < amount_field(given):
        raise invalid("max_amount", "The max_amount must be at least the amount of the order.")
    _instant(terms, "expire_at")
    frequency = choice_field(terms, "frequency", FREQUENCIES, "as_presented")
    return json.dumps({**terms, "frequency": frequency})


def _notification(gateway: Gateway, given: Given) -> str:
    """The notice is taken as delivered at once."""
    notice = object_field(given, "notification", ("token_id", "payment_after"))
    if not notice:
        return ""
    token = gateway.store.get(Token, str(notice.get("token_id")))
    if token is None:
        raise unknown_id()
    told: dict[str, Any] = {
        "id": new_id("notification"),
        "status": "delivered",
        "delivered_at": int(gateway.clock.now()),
        "token_id": token.id,
        "payment_after": _instant(notice, "payment_after"),
    }
    return json.dumps(told)


def _instant(given: Given, name: str) -> int | None:
    value = whole_field(given, name)
    if value is not None and not INSTANT_MINIMUM <= value <= INSTANT_MAXIMUM:
        raise invalid(name, f"The {name} must be a timestamp.")
    return value
