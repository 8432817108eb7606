"""The documented keys of every entity, each with the JSON types it may have.

Where a key is documented for some methods only, its shape stands beside the entity's.
"""

from typing import Any

NULL = type(None)
TEXT: Any = (str, NULL)
NUMBER: Any = (int, NULL)
NOTES: Any = (list, dict)
COLLECTION = {"entity": str, "count": int, "items": list}

ORDER = {
    "id": str,
    "entity": str,
    "amount": int,
    "amount_paid": int,
    "amount_due": int,
    "currency": str,
    "receipt": TEXT,
    "offer_id": NULL,
    "status": str,
    "attempts": int,
    "notes": NOTES,
    "created_at": int,
}
MANDATE_TERMS = {"max_amount": NUMBER, "expire_at": NUMBER, "frequency": str}
NOTIFICATION = {"id": str, "status": str, "delivered_at": int, "token_id": str, "payment_after": NUMBER}
PAYMENT = {
    "id": str,
    "entity": str,
    "amount": int,
    "currency": str,
    "status": str,
    "order_id": TEXT,
    "invoice_id": NULL,
    "international": bool,
    "method": str,
    "amount_refunded": int,
    "amount_transferred": int,
    "refund_status": TEXT,
    "captured": bool,
    "description": TEXT,
    "card_id": TEXT,
    "bank": TEXT,
    "wallet": TEXT,
    "vpa": TEXT,
    "email": str,
    "contact": str,
    "customer_id": TEXT,
    "token_id": TEXT,
    "notes": NOTES,
    "fee": NUMBER,
    "tax": NUMBER,
    "error_code": TEXT,
    "error_description": TEXT,
    "error_source": TEXT,
    "error_step": TEXT,
    "error_reason": TEXT,
    "acquirer_data": dict,
    "created_at": int,
    "provider": TEXT,
    "reward": NULL,
}
ACQUIRER = {
    "card": {"auth_code": TEXT, "rrn": TEXT, "authentication_reference_number": TEXT},
    "netbanking": {"bank_transaction_id": TEXT},
    "wallet": {"transaction_id": TEXT},
    "upi": {"rrn": TEXT, "upi_transaction_id": TEXT},
}
UPI = {"payer_account_type": str, "vpa": str, "flow": TEXT}
CARD = {
    "id": str,
    "entity": str,
    "name": str,
    "last4": str,
    "network": str,
    "type": str,
    "issuer": TEXT,
    "international": bool,
    "emi": bool,
    "sub_type": str,
    "token_iin": TEXT,
}
REFUND = {
    "id": str,
    "entity": str,
    "amount": int,
    "currency": str,
    "payment_id": str,
    "notes": NOTES,
    "receipt": TEXT,
    "acquirer_data": dict,
    "created_at": int,
    "batch_id": NULL,
    "status": str,
    "speed_processed": str,
    "speed_requested": str,
}
PAYMENT_LINK = {
    "accept_partial": bool,
    "amount": int,
    "amount_paid": int,
    "callback_method": str,
    "callback_url": str,
    "cancelled_at": int,
    "created_at": int,
    "currency": str,
    "customer": dict,
    "description": str,
    "expire_by": int,
    "expired_at": int,
    "first_min_partial_amount": int,
    "id": str,
    "upi_link": bool,
    "notes": (dict, NULL),
    "notify": dict,
    "payments": (list, NULL),
    "reference_id": str,
    "reminder_enable": bool,
    "reminders": NOTES,
    "short_url": str,
    "source": str,
    "source_id": str,
    "status": str,
    "updated_at": int,
    "user_id": str,
}
PAID_PAYMENT_LINK = PAYMENT_LINK | {"order_id": str, "payments": list}
LINK_PAYMENT = {
    "amount": int,
    "created_at": int,
    "method": str,
    "payment_id": str,
    "plink_id": str,
    "status": str,
    "updated_at": int,
}
QR_CODE = {
    "id": str,
    "entity": str,
    "created_at": int,
    "name": str,
    "usage": str,
    "type": str,
    "image_url": str,
    "image_content": str,
    "payment_amount": NUMBER,
    "status": str,
    "description": str,
    "fixed_amount": bool,
    "payments_amount_received": int,
    "payments_count_received": int,
    "notes": NOTES,
    "customer_id": TEXT,
    "close_by": NUMBER,
    "closed_at": NUMBER,
    "close_reason": TEXT,
    "tax_invoice": (list, dict, NULL),
}
CUSTOMER = {
    "id": str,
    "entity": str,
    "name": TEXT,
    "email": TEXT,
    "contact": TEXT,
    "gstin": TEXT,
    "notes": NOTES,
    "created_at": int,
}
TOKEN = {
    "id": str,
    "entity": str,
    "token": str,
    "bank": TEXT,
    "wallet": TEXT,
    "method": str,
    "vpa": (dict, NULL),
    "recurring": bool,
    "recurring_details": dict,
    "auth_type": TEXT,
    "mrn": TEXT,
    "used_at": int,
    "created_at": int,
    "start_time": NUMBER,
    "max_amount": NUMBER,
    "expired_at": int,
    "dcc_enabled": bool,
}
TOKEN_CARD = {name: types for name, types in CARD.items() if name != "id"} | {
    "expiry_month": int,
    "expiry_year": int,
    "flows": dict,
}
RECURRING_DETAILS = {"status": TEXT, "failure_reason": TEXT}
TOKEN_VPA = {"username": str, "handle": str, "name": TEXT}
SETTLEMENT = {
    "id": str,
    "entity": str,
    "amount": int,
    "status": str,
    "fees": int,
    "tax": int,
    "utr": str,
    "created_at": int,
}
RECONCILIATION_LINE = {
    "entity_id": str,
    "type": str,
    "debit": int,
    "credit": int,
    "amount": int,
    "currency": str,
    "fee": int,
    "tax": int,
    "on_hold": bool,
    "settled": bool,
    "created_at": int,
    "settled_at": int,
    "settlement_id": str,
    "posted_at": NUMBER,
    "credit_type": str,
    "description": TEXT,
    "notes": str,
    "payment_id": TEXT,
    "settlement_utr": str,
    "order_id": TEXT,
    "order_receipt": TEXT,
    "method": str,
    "card_network": TEXT,
    "card_issuer": TEXT,
    "card_type": TEXT,
    "dispute_id": TEXT,
}
DISPUTE = {
    "id": str,
    "entity": str,
    "payment_id": str,
    "amount": int,
    "currency": str,
    "amount_deducted": int,
    "reason_code": str,
    "respond_by": int,
    "status": str,
    "phase": str,
    "created_at": int,
    "evidence": dict,
}
EVIDENCE = {
    "amount": int,
    "summary": TEXT,
    "shipping_proof": (list, NULL),
    "billing_proof": (list, NULL),
    "cancellation_proof": (list, NULL),
    "customer_communication": (list, NULL),
    "proof_of_service": (list, NULL),
    "explanation_letter": (list, NULL),
    "refund_confirmation": (list, NULL),
    "access_activity_log": (list, NULL),
    "refund_cancellation_policy": (list, NULL),
    "term_and_conditions": (list, NULL),
    "others": (list, NULL),
    "submitted_at": NUMBER,
}
DOWNTIME = {
    "id": str,
    "entity": str,
    "method": str,
    "begin": int,
    "end": NUMBER,
    "status": str,
    "scheduled": bool,
    "severity": str,
    "instrument": dict,
    "created_at": int,
    "updated_at": int,
}


def assert_shape(entity: Any, shape: dict[str, Any]) -> None:
    """Every documented key is there, with a type it may have. A truth value is no number."""
    assert {name for name in shape if name not in entity} == set()
    wrong = {name: entity[name] for name, types in shape.items() if not _has_type(entity[name], types)}
    assert wrong == {}


def _has_type(value: Any, types: Any) -> bool:
    allowed = types if isinstance(types, tuple) else (types,)
    return type(value) in allowed
