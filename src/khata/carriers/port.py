"""What Khata asks of a carrier, in Khata's words. A driver only translates.

A message travels as one or more submissions (one per segment). For each the carrier gives one answer:
`Accepted`, `Refused`, `Unavailable` (certainly not handed over) or `Unknown` (perhaps handed over: never resent by
itself).
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple, Protocol


class Submission(NamedTuple):
    """One segment ready to go. `text` is this segment's own; its encoding was decided when the message was priced."""

    message_id: uuid.UUID
    recipient: str
    """E.164 with the plus: "+919812345678"."""
    sender: str
    """Alphanumeric (≤ 11 characters) or digits."""
    text: str
    encoding: Literal["gsm7", "ucs2"]
    part: int
    """1-based."""
    part_count: int
    concatenation_ref: int
    """0..65535, the same for every part of one message; unused when part_count is 1."""


@dataclass(frozen=True, slots=True)
class Accepted:
    carrier_ref: str
    """The carrier's id of this submission, as it spelled it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier said no; it will not deliver this submission."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Certainly not handed over (not bound, throttled, queue full): may be tried again later."""

    detail: str
    is_throttled: bool = False
    """The carrier asks us to go slower."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps handed over: the answer did not come."""

    detail: str


Answer = Accepted | Refused | Unavailable | Unknown


class ReceiptState(StrEnum):
    """What a delivery receipt says. ENROUTE and ACCEPTED are not final."""

    ENROUTE = "enroute"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Receipt(NamedTuple):
    """A delivery receipt as it came. `raw` is its text, for the timeline."""

    carrier: str
    carrier_ref: str
    state: ReceiptState
    error_code: str
    raw: str
    received_at: datetime


StoreReceipt = Callable[[Receipt], Awaitable[None]]
"""Stores a receipt durably. The carrier is told "received" only after this returned."""


@dataclass(frozen=True, slots=True)
class CarrierHealth:
    is_bound: bool
    outstanding_count: int
    detail: str


class Carrier(Protocol):
    """One configured connection to a carrier, for one event loop."""

    name: str
    """Names the carrier in our rows: "sandbox-smsc"."""
    is_sandbox: bool
    window: int
    """How many submissions may be outstanding at once."""
    submits_per_s_max: int | None
    """What its contract allows on this connection; None where it names no limit."""

    async def start(self, store_receipt: StoreReceipt) -> None:
        """Begins connecting and stays connected in the background; returns at once, even when the far end is away."""
        ...

    async def submit(self, submission: Submission) -> Answer: ...

    async def close(self) -> None:
        """Waits for outstanding answers (at most a few seconds), unbinds, disconnects."""
        ...

    def health(self) -> CarrierHealth: ...
