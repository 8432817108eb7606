"""Razorpay's orders and payments in the port's words."""

from typing import Any

from khata.payments import facts
from khata.payments.drivers.razorpay import fields
from khata.payments.drivers.razorpay.names import name_of
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import Order, Payment, PaymentMethod, PaymentStatus
from khata.payments.rest import Json

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


def order_from(entity: Json) -> Order:
    return Order(
        order_ref=fields.reference(entity, "id", "order_"),
        amount_minor=facts.whole(entity, "amount"),
        currency=facts.currency(entity),
        receipt=text(entity.get("receipt")),
    )


def is_paid(entity: Json) -> bool:
    return entity.get("status") == "paid"


def paid_minor(entity: Json) -> int:
    return facts.whole(entity, "amount_paid")


def payment_from(entity: Json) -> Payment:
    status = _STATUSES.get(text(entity.get("status")))
    if status is None:
        raise NotUnderstood(f"payment status {text(entity.get('status'))!r}")
    order_ref = entity.get("order_id")
    return Payment(
        payment_ref=fields.reference(entity, "id", "pay_"),
        order_ref=None if order_ref is None else text(order_ref),
        status=status,
        amount_minor=facts.whole(entity, "amount"),
        currency=facts.currency(entity),
        method=_METHODS.get(text(entity.get("method")), PaymentMethod.OTHER),
        method_detail=_method_detail(entity),
        bank_ref=fields.bank_ref(entity, _BANK_REFERENCES),
        error_code=text(entity.get("error_code")),
        error_reason=text(entity.get("error_reason")),
        error_source=text(entity.get("error_source")),
        error_step=text(entity.get("error_step")),
        error_description=text(entity.get("error_description")),
        created_at=facts.instant(entity, "created_at"),
        token_ref=text(entity.get("token_id")),
        refunded_minor=facts.whole(entity, "amount_refunded") if entity.get("amount_refunded") else 0,
    )


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
