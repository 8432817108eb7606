"""Being paid without the payer there, in Khata's words: the mandate asked for, what it leaves, and the charge."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CustomerRequest:
    """Whom a mandate will belong to. Asked for twice by one `receipt` (≤ 40 characters) there is one customer."""

    receipt: str
    name: str
    email: str
    contact: str


@dataclass(frozen=True, slots=True)
class Customer:
    customer_ref: str


@dataclass(frozen=True, slots=True)
class MandateRequest:
    """Whoever pays the order lets us charge again without being asked, never more than this at once."""

    customer_ref: str
    amount_max_minor: int


@dataclass(frozen=True, slots=True)
class SavedMethod:
    """What a mandate left: whom it is from, and the way to charge again."""

    customer_ref: str
    token_ref: str


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """An order made with `saved`, to be paid now by that method. `receipt` and amount are the order's."""

    receipt: str
    order_ref: str
    saved: SavedMethod
    amount_minor: int
    currency: str
    description: str
    email: str
    contact: str
