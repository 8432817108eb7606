"""What Khata asks of a carrier, in Khata's words. A driver only translates.

A message travels as one or more submissions: one per segment, or a single one where the carrier takes whole messages.
For each the carrier gives one answer: `Accepted`, `Refused`, `Unavailable` (certainly not handed over) or `Unknown`
(perhaps handed over: never resent by itself).
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple, Protocol


class Dlt(NamedTuple):
    """What India's registers (DLT) want to see with a message. Ids are digits, as the register gave them."""

    entity_id: str
    template_id: str
    chain: tuple[str, ...]
    """Entity first, then every telemarketer the message passes through, in order."""


class Mail(NamedTuple):
    """An e-mail as it goes."""

    octets: bytes
    """Headers and body, signed: RFC 5322, lines ending in CR LF, seven bits."""
    ref: str
    """What a bounce of it must name: letters and digits, fit to stand before an @."""


class Submission(NamedTuple):
    """One segment ready to go. `text` is this segment's own; its encoding was decided when the message was priced."""

    message_id: uuid.UUID
    recipient: str
    """E.164 with the plus: "+919812345678"; of an e-mail its address."""
    sender: str
    """Alphanumeric (≤ 11 characters) or digits; of an e-mail `Shown name <name@example.com>`."""
    text: str
    encoding: Literal["gsm7", "ucs2", "utf8"]
    part: int
    """1-based."""
    part_count: int
    concatenation_ref: int
    """0..65535, the same for every part of one message; unused when part_count is 1."""
    dlt: Dlt | None = None
    """Of messages that go by a registered template."""
    mail: Mail | None = None
    """Of e-mails."""


@dataclass(frozen=True, slots=True)
class Accepted:
    carrier_ref: str
    """The carrier's id of this submission in its canonical form: the driver gives it to receipts and answers alike."""


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
    """A delivery receipt. `raw` is its text as it came, for the timeline; `carrier_ref` as in `Accepted`."""

    carrier: str
    carrier_ref: str
    state: ReceiptState
    error_code: str
    raw: str
    received_at: datetime


class InboundMessage(NamedTuple):
    """A message from a phone to one of our senders, whole."""

    carrier: str
    carrier_ref: str
    """The carrier's id of it; empty where it gives none."""
    sender: str
    """The phone: E.164 with the plus where the carrier's form can be read so, otherwise as it came."""
    recipient: str
    """Our number or short code, as it came."""
    text: str
    received_at: datetime


class Feedback(NamedTuple):
    """Why an address must not be written to any more: it bounced for good, or its reader complained or unsubscribed."""

    carrier: str
    ref: str
    """Of the e-mail it is about (`Mail.ref`)."""
    reason: Literal["bounce", "complaint", "unsubscribe"]
    detail: str
    received_at: datetime


CarrierNews = Receipt | InboundMessage | Feedback

Store = Callable[[CarrierNews], Awaitable[None]]
"""Stores what a carrier told, durably. The carrier hears "received" only after this returned."""


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

    can_query: bool
    """Whether `query` may be asked at all."""
    takes_whole_messages: bool
    """Whether a message travels as one submission however long it is (`part_count` 1, the whole text); its segments
    stay what it costs."""

    async def start(self, store: Store) -> None:
        """Begins connecting and stays connected in the background; returns at once, even when the far end is away."""
        ...

    async def submit(self, submission: Submission) -> Answer: ...

    async def query(self, carrier_ref: str, *, sender: str) -> Receipt | None:
        """What became of a submission it took; None where it cannot say. Asked only of carriers that `can_query`."""
        ...

    async def close(self) -> None:
        """Waits for outstanding answers (at most a few seconds), unbinds, disconnects."""
        ...

    def health(self) -> CarrierHealth: ...
