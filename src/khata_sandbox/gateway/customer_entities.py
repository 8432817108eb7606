"""Customers and their tokens as the API and the webhooks show them."""

from datetime import UTC, datetime

from khata_sandbox.gateway.customer_rows import Customer, Token
from khata_sandbox.gateway.entities import Json, notes_value


def customer_entity(customer: Customer) -> Json:
    return {
        "id": customer.id,
        "entity": "customer",
        "name": customer.name,
        "email": customer.email,
        "contact": customer.contact,
        "gstin": customer.gstin,
        "notes": notes_value(customer.notes),
        "created_at": customer.created_at,
    }


def token_entity(token: Token) -> Json:
    entity: Json = {
        "id": token.id,
        "entity": "token",
        "token": token.reference,
        "bank": token.bank,
        "wallet": token.wallet,
        "method": token.method,
        "vpa": _vpa(token.vpa) if token.vpa else None,
        "recurring": bool(token.is_mandate),
        "recurring_details": {"status": token.status if token.is_mandate else None, "failure_reason": None},
        "auth_type": None,
        "mrn": None,
        "used_at": token.used_at,
        "created_at": token.created_at,
        "start_time": token.created_at if token.is_mandate else None,
        "max_amount": token.amount_maximum_minor,
        "expired_at": token.expires_at,
        "status": None if token.is_mandate else "active",
        "notes": [],
        "dcc_enabled": False,
        "compliant_with_tokenisation_guidelines": True,
    }
    if token.method == "card":
        entity["card"] = _card(token)
    return entity


def _vpa(address: str) -> Json:
    username, _, handle = address.partition("@")
    return {"username": username, "handle": handle, "name": None}


def _card(token: Token) -> Json:
    """The expiry shown is the token's: the card's own is not kept."""
    expiry = datetime.fromtimestamp(token.expires_at, UTC)
    return {
        "entity": "card",
        "name": "",
        "last4": token.card_last4,
        "network": token.card_network,
        "type": token.card_type,
        "issuer": None,
        "international": bool(token.is_international),
        "emi": False,
        "sub_type": "consumer",
        "token_iin": None,
        "expiry_month": expiry.month,
        "expiry_year": expiry.year,
        "flows": {"otp": True, "recurring": bool(token.is_mandate)},
    }
