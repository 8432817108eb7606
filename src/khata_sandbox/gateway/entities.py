"""Rows as the API and the webhooks show them: every documented key, with its JSON type."""

import json
from collections.abc import Sequence
from typing import Any

from khata_sandbox.gateway.ids import digits_of
from khata_sandbox.gateway.rows import Order, Payment, Refund

Json = dict[str, Any]


def collection(items: Sequence[Json]) -> Json:
    return {"entity": "collection", "count": len(items), "items": list(items)}


def order_entity(order: Order) -> Json:
    """`token` and `notification` only with an order that has them."""
    return {
        "id": order.id,
        "entity": "order",
        "amount": order.amount_minor,
        "amount_paid": order.amount_paid_minor,
        "amount_due": order.amount_minor - order.amount_paid_minor,
        "currency": order.currency,
        "receipt": order.receipt,
        "offer_id": None,
        "status": order.status,
        "attempts": order.attempts,
        "notes": notes_value(order.notes),
        "created_at": order.created_at,
        **({"token": json.loads(order.mandate)} if order.mandate else {}),
        **({"notification": json.loads(order.notification)} if order.notification else {}),
    }


def payment_entity(payment: Payment, *, with_card: bool = False) -> Json:
    """`with_card` adds the card object of a card payment, as `expand[]=card` and the webhooks do."""
    entity: Json = {
        "id": payment.id,
        "entity": "payment",
        "amount": payment.amount_minor,
        "currency": payment.currency,
        "status": payment.status,
        "order_id": None if payment.qr_code_id else payment.order_id,
        "invoice_id": None,
        "international": bool(payment.is_international),
        "method": payment.method,
        "amount_refunded": payment.amount_refunded_minor,
        "amount_transferred": 0,
        "refund_status": _refund_status(payment),
        "captured": bool(payment.is_captured),
        "description": payment.description or None,
        "card_id": payment.card_id,
        "bank": payment.bank,
        "wallet": payment.wallet,
        "vpa": payment.vpa,
        "email": payment.email,
        "contact": payment.contact,
        "customer_id": payment.customer_id,
        "token_id": payment.token_id,
        "notes": notes_value(payment.notes),
        "fee": payment.fee_minor,
        "tax": payment.tax_minor,
        "error_code": payment.error_code,
        "error_description": payment.error_description,
        "error_source": payment.error_source,
        "error_step": payment.error_step,
        "error_reason": payment.error_reason,
        "acquirer_data": _acquirer_data(payment),
        "created_at": payment.created_at,
        "provider": None,
        "reward": None,
    }
    if payment.method == "upi":
        entity["upi"] = {
            "payer_account_type": "bank_account",
            "vpa": payment.vpa,
            "flow": "intent" if payment.upi_app else None,
        }
    if with_card and payment.card_id is not None:
        entity["card"] = card_entity(payment)
    return entity


def card_entity(payment: Payment) -> Json:
    """The little that is kept of a card."""
    return {
        "id": payment.card_id,
        "entity": "card",
        "name": "",
        "last4": payment.card_last4,
        "network": payment.card_network,
        "type": payment.card_type,
        "issuer": None,
        "international": bool(payment.is_international),
        "emi": False,
        "sub_type": "consumer",
        "token_iin": None,
    }


def refund_entity(refund: Refund) -> Json:
    return {
        "id": refund.id,
        "entity": "refund",
        "amount": refund.amount_minor,
        "currency": refund.currency,
        "payment_id": refund.payment_id,
        "notes": notes_value(refund.notes),
        "receipt": refund.receipt,
        "acquirer_data": {"arn": refund.bank_ref},
        "created_at": refund.created_at,
        "batch_id": None,
        "status": refund.status,
        "speed_processed": "instant" if refund.speed == "optimum" else "normal",
        "speed_requested": refund.speed,
    }


def notes_value(notes: str) -> Json | list[Any]:
    """Razorpay shows empty notes as a list and others as an object."""
    value: Json = json.loads(notes)
    return value or []


def _acquirer_data(payment: Payment) -> Json:
    """The bank's references by the names of the method; null until a bank said yes."""
    match payment.method:
        case "card":
            return {
                "auth_code": payment.bank_ref,
                "rrn": _reference(payment, 12),
                "authentication_reference_number": _reference(payment, 24),
            }
        case "netbanking":
            return {"bank_transaction_id": payment.bank_ref}
        case "wallet":
            return {"transaction_id": payment.bank_ref}
        case _:
            return {"rrn": payment.bank_ref, "upi_transaction_id": _reference(payment, 32)}


def _reference(payment: Payment, length: int) -> str | None:
    """A further reference of the same bank, always the same for one payment."""
    return payment.bank_ref and digits_of(payment.id, length)


def _refund_status(payment: Payment) -> str | None:
    if payment.amount_refunded_minor == 0:
        return None
    return "full" if payment.amount_refunded_minor == payment.amount_minor else "partial"
