"""Orders: what a merchant asks to be paid."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from khata_sandbox.gateway.errors import invalid, unknown_id
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.requests import PageRequest, notes_text, refuse_others
from khata_sandbox.gateway.rows import Order, Payment

AMOUNT_MINIMUM_MINOR = 100
AMOUNT_MAXIMUM_MINOR = 100_000_000
"""₹10,00,000; a real account's maximum is agreed with its gateway."""
CURRENCIES = ("INR",)
RECEIPT_LENGTH_MAXIMUM = 40
FIELDS = ("amount", "currency", "receipt", "notes", "partial_payment", "payment", "payment_capture")


def create_order(gateway: Gateway, given: Mapping[str, Any]) -> Order:
    """Raises ApiError for anything that is missing, wrong or not known here."""
    refuse_others(given, FIELDS)
    if given.get("partial_payment") not in (None, False, 0):
        raise invalid("partial_payment", "Partial payments are not offered here.")
    order = Order(
        id=new_id("order"),
        amount_minor=_amount(given.get("amount")),
        currency=_currency(given.get("currency")),
        receipt=_receipt(given.get("receipt")),
        notes=notes_text(given.get("notes")),
        is_capture_automatic=int(_is_capture_automatic(given)),
        created_at=int(gateway.clock.now()),
    )
    with gateway.store.transaction():
        gateway.store.save(order)
    return order


def set_order_notes(gateway: Gateway, order_id: str, given: Mapping[str, Any]) -> Order:
    refuse_others(given, ("notes",))
    notes = notes_text(given.get("notes"))
    with gateway.store.transaction():
        order = replace(load_order(gateway, order_id), notes=notes)
        gateway.store.save(order)
    return order


def load_order(gateway: Gateway, order_id: str) -> Order:
    """Raises ApiError for an id nobody knows."""
    order = gateway.store.get(Order, order_id)
    if order is None:
        raise unknown_id()
    return order


def list_orders(gateway: Gateway, page: PageRequest, *, receipt: str | None, authorized: str | None) -> list[Order]:
    """Newest first. `authorized` "1" keeps orders with an authorised payment, "0" those without."""
    condition = "created_at BETWEEN ? AND ?"
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


def _amount(value: object) -> int:
    if value is None:
        raise invalid("amount", "The amount field is required.")
    if type(value) is not int:
        raise invalid("amount", "The amount must be an integer.")
    if value < AMOUNT_MINIMUM_MINOR:
        raise invalid("amount", "The amount must be at least INR 1.00")
    if value > AMOUNT_MAXIMUM_MINOR:
        raise invalid("amount", "Amount exceeds maximum amount allowed.")
    return value


def _currency(value: object) -> str:
    if value is None:
        raise invalid("currency", "The currency field is required.")
    if value not in CURRENCIES:
        raise invalid("currency", "The currency is not supported.")
    return str(value)


def _receipt(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise invalid("receipt", "The receipt must be a string.")
    if value is not None and len(value) > RECEIPT_LENGTH_MAXIMUM:
        raise invalid("receipt", f"The receipt may not be greater than {RECEIPT_LENGTH_MAXIMUM} characters.")
    return value


def _is_capture_automatic(given: Mapping[str, Any]) -> bool:
    """The order's own wish, in the old spelling or the new one; the account's default is automatic."""
    payment = given.get("payment", {})
    if not isinstance(payment, dict):
        raise invalid("payment", "The payment must be an object.")
    if payment.get("capture", "automatic") not in ("automatic", "manual"):
        raise invalid("payment", "The capture must be automatic or manual.")
    if given.get("payment_capture", 1) not in (0, 1, "0", "1"):
        raise invalid("payment_capture", "The payment_capture must be 0 or 1.")
    if "payment" in given:
        return bool(payment.get("capture", "automatic") == "automatic")
    return given.get("payment_capture", 1) in (1, "1")
