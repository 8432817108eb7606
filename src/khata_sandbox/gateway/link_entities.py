"""Payment links and QR codes as the API and the webhooks show them."""

import json
from collections.abc import Sequence

from khata_sandbox.gateway.entities import Json, notes_value
from khata_sandbox.gateway.link_rows import PaymentLink, QrCode
from khata_sandbox.gateway.rows import Payment


def link_entity(link: PaymentLink, captured: Sequence[Payment]) -> Json:
    """Unset instants are 0, and there is no `entity`; `order_id` appears with the order, `callback_url` when given."""
    return {
        "accept_partial": bool(link.is_partial),
        "amount": link.amount_minor,
        "amount_paid": link.amount_paid_minor,
        "callback_method": "get" if link.callback_url else "",
        "callback_url": link.callback_url,
        "cancelled_at": link.cancelled_at,
        "created_at": link.created_at,
        "currency": link.currency,
        "customer": json.loads(link.customer),
        "description": link.description,
        "expire_by": link.expires_at if link.is_expiry_given else 0,
        "expired_at": link.expired_at,
        "first_min_partial_amount": link.first_part_minor,
        "id": link.id,
        "notes": notes_value(link.notes) or None,
        "notify": json.loads(link.notify),
        "payments": [_paid_part(link, payment) for payment in captured] or None,
        "reference_id": link.reference_id,
        "reminder_enable": bool(link.is_reminded),
        "reminders": [],
        "short_url": link.short_url,
        "source": "",
        "source_id": "",
        "status": link.status,
        "updated_at": link.updated_at,
        "upi_link": False,
        "user_id": "",
        **({"order_id": link.order_id} if link.order_id else {}),
    }


def qr_code_entity(code: QrCode) -> Json:
    return {
        "id": code.id,
        "entity": "qr_code",
        "created_at": code.created_at,
        "name": code.name,
        "usage": code.usage,
        "type": code.type,
        "image_url": code.image_url,
        "image_content": code.image_content,
        "payment_amount": code.amount_minor,
        "status": code.status,
        "description": code.description,
        "fixed_amount": bool(code.is_fixed_amount),
        "payments_amount_received": code.received_minor,
        "payments_count_received": code.payments_count,
        "notes": notes_value(code.notes),
        "customer_id": code.customer_id,
        "close_by": code.close_by,
        "closed_at": code.closed_at,
        "close_reason": code.close_reason,
        "tax_invoice": [],
    }


def _paid_part(link: PaymentLink, payment: Payment) -> Json:
    captured_at = int(payment.captured_at or payment.created_at)
    return {
        "amount": payment.amount_minor,
        "created_at": captured_at,
        "method": payment.method,
        "payment_id": payment.id,
        "plink_id": link.id,
        "status": "captured",
        "updated_at": captured_at,
    }
