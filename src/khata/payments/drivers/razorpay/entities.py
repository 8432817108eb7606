"""Razorpay's orders and payments in the port's words. Shapes drift, so nothing is believed before it is looked at.

Every reader raises `NotUnderstood` where a fact that money depends on is missing or of the wrong kind; what is only
shown to people falls back to "".
"""

import re
from datetime import UTC, datetime
from typing import Any

from khata.payments.drivers.razorpay.client import Json
from khata.payments.drivers.razorpay.names import name_of
from khata.payments.port import Order, Payment, PaymentMethod, PaymentStatus

_STATUSES = {
    "created": PaymentStatus.CREATED,
    "authorized": PaymentStatus.AUTHORISED,
    "captured": PaymentStatus.CAPTURED,
    "refunded": PaymentStatus.REFUNDED,
    "failed": PaymentStatus.FAILED,
}
_METHODS = {
    "upi": PaymentMethod.UPI,
    "card": PaymentMethod.CARD,
    "netbanking": PaymentMethod.NETBANKING,
    "wallet": PaymentMethod.WALLET,
}
_BANK_REFERENCES = ("rrn", "bank_transaction_id", "transaction_id", "auth_code", "upi_transaction_id")
_REFERENCE = re.compile(r"[a-z]+_[A-Za-z0-9]{1,40}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_TEXT_LENGTH_MAX = 255
_WHOLE_MAX = 10**15
_INSTANT_MAX = 4_765_046_400
"""The latest unix second the API itself accepts."""


class NotUnderstood(ValueError):
    """The gateway's answer lacks what it must have; the message names it."""


def order_from(entity: Json) -> Order:
    return Order(
        order_ref=_reference(entity, "id", "order_"),
        amount_minor=_whole(entity, "amount"),
        currency=_currency(entity),
        receipt=text(entity.get("receipt")),
    )


def is_paid(entity: Json) -> bool:
    return entity.get("status") == "paid"


def paid_minor(entity: Json) -> int:
    return _whole(entity, "amount_paid")


def payment_from(entity: Json) -> Payment:
    status = _STATUSES.get(text(entity.get("status")))
    if status is None:
        raise NotUnderstood(f"payment status {text(entity.get('status'))!r}")
    order_ref = entity.get("order_id")
    return Payment(
        payment_ref=_reference(entity, "id", "pay_"),
        order_ref=None if order_ref is None else text(order_ref),
        status=status,
        amount_minor=_whole(entity, "amount"),
        currency=_currency(entity),
        method=_METHODS.get(text(entity.get("method")), PaymentMethod.OTHER),
        method_detail=_method_detail(entity),
        bank_ref=_bank_ref(entity),
        error_code=text(entity.get("error_code")),
        error_reason=text(entity.get("error_reason")),
        error_source=text(entity.get("error_source")),
        error_step=text(entity.get("error_step")),
        error_description=text(entity.get("error_description")),
        created_at=_instant(entity, "created_at"),
    )


def items(collection: Json) -> list[Json]:
    found = collection.get("items")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise NotUnderstood("a collection without items")
    return found


def text(value: Any) -> str:
    """ "" for null and for anything that is no text; control characters, which no database takes, are dropped."""
    if not isinstance(value, str):
        return ""
    return "".join(character for character in value if character.isprintable())[:_TEXT_LENGTH_MAX]


def _method_detail(entity: Json) -> str:
    match entity.get("method"):
        case "card":
            return _card_detail(entity.get("card"))
        case "upi":
            return text(entity.get("vpa"))
        case "netbanking":
            return name_of(text(entity.get("bank")))
        case "wallet":
            return name_of(text(entity.get("wallet")))
        case other:
            return text(other)


def _card_detail(card: Any) -> str:
    if not isinstance(card, dict):
        return ""
    network, last4 = text(card.get("network")), text(card.get("last4"))
    return f"{network} ending {last4}" if last4 else network


def _bank_ref(entity: Json) -> str:
    acquirer = entity.get("acquirer_data")
    if not isinstance(acquirer, dict):
        return ""
    return next((found for key in _BANK_REFERENCES if (found := text(acquirer.get(key)))), "")


def _reference(entity: Json, key: str, prefix: str) -> str:
    found = entity.get(key)
    if not isinstance(found, str) or not found.startswith(prefix) or not _REFERENCE.fullmatch(found):
        raise NotUnderstood(f"{key} is no {prefix}…")
    return found


def _currency(entity: Json) -> str:
    found = entity.get("currency")
    if not isinstance(found, str) or not _CURRENCY.fullmatch(found):
        raise NotUnderstood("currency is missing")
    return found


def _instant(entity: Json, key: str) -> datetime:
    found = _whole(entity, key)
    if found > _INSTANT_MAX:
        raise NotUnderstood(f"{key} is no instant")
    return datetime.fromtimestamp(found, UTC)


def _whole(entity: Json, key: str) -> int:
    found = entity.get(key)
    if type(found) is not int or not 0 <= found <= _WHOLE_MAX:
        raise NotUnderstood(f"{key} is no whole number")
    return found
