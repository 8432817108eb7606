"""Payment links and QR codes as they are kept; see `rows.py` for how to read the fields."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentLink:
    id: str
    code: str
    """The end of its short address."""
    short_url: str
    amount_minor: int
    currency: str
    description: str
    reference_id: str
    customer: str
    """JSON of the payer's name, email and contact, as far as given."""
    notify: str
    notes: str
    is_partial: int
    first_part_minor: int
    callback_url: str
    expires_at: int
    """A wish of the merchant, or six months."""
    is_expiry_given: int
    is_reminded: int
    created_at: int
    updated_at: int
    order_id: str = ""
    """Made when the payer opens the link."""
    status: str = "created"
    amount_paid_minor: int = 0
    cancelled_at: int = 0
    expired_at: int = 0


@dataclass(frozen=True, slots=True)
class QrCode:
    id: str
    code: str
    """The end of the address its image leads to."""
    image_url: str
    image_content: str
    name: str
    usage: str
    type: str
    is_fixed_amount: int
    amount_minor: int | None
    description: str
    notes: str
    customer_id: str | None
    close_by: int | None
    created_at: int
    status: str = "active"
    closed_at: int | None = None
    close_reason: str | None = None
    received_minor: int = 0
    payments_count: int = 0
