"""Settlements, disputes and downtimes as they are kept; see `rows.py` for how to read the fields."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the gateway pays out to the merchant's bank."""

    id: str
    amount_minor: int
    fee_minor: int
    tax_minor: int
    utr: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Dispute:
    id: str
    payment_id: str
    amount_minor: int
    currency: str
    phase: str
    reason_code: str
    respond_by: int
    created_at: int
    status: str = "open"
    deducted_minor: int = 0
    decided_at: float | None = None
    evidence: str = "{}"
    """JSON of what was sent to contest it."""
    submitted_at: int | None = None
    settlement_id: str = ""


@dataclass(frozen=True, slots=True)
class Downtime:
    """A method that does not work for a while."""

    id: str
    method: str
    instrument: str
    """JSON, for example {"bank": "HDFC"}."""
    severity: str
    begun_at: int
    updated_at: int
    ended_at: int | None = None
