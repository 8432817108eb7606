"""Customers and their tokens as they are kept; see `rows.py` for how to read the fields."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    name: str | None
    email: str | None
    contact: str | None
    gstin: str | None
    notes: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Token:
    """A payment instrument a customer left with the gateway: a kept card, or a mandate to charge again."""

    id: str
    customer_id: str
    reference: str
    method: str
    status: str
    """Of the mandate: confirmed, paused or cancelled."""
    is_mandate: int
    created_at: int
    used_at: int
    expires_at: int
    amount_maximum_minor: int | None = None
    vpa: str | None = None
    bank: str | None = None
    wallet: str | None = None
    card_network: str | None = None
    card_last4: str | None = None
    card_type: str | None = None
    is_international: int = 0
