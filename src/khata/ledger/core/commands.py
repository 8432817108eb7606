"""What can be asked of the ledger. Every command names its organisation and the reference its effect is unique by."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from khata.ledger.core.book import Kind


@dataclass(frozen=True, slots=True)
class Purchase:
    """Credits bought. `reference` is derived from the gateway's payment id, so one payment credits once."""

    organisation_id: int
    reference: UUID
    amount: int
    price_minor: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits given: a welcome, a bonus, a plan's share."""

    organisation_id: int
    reference: UUID
    amount: int
    expires_at: datetime | None = None


class PlaceHold(NamedTuple):
    """Sets credits aside for one message. `reference` is the message's id.

    `is_fresh` says that the reference was made for this very command, so no earlier effect needs to be looked for; the
    unique key of effects stands behind that promise.
    """

    organisation_id: int
    reference: UUID
    amount: int
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class Capture:
    """Uses `amount` of a hold (1..held); what is left of the hold returns to the lots it came from."""

    organisation_id: int
    reference: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class VoidHold:
    """Returns a whole hold to the lots it came from."""

    organisation_id: int
    reference: UUID


@dataclass(frozen=True, slots=True)
class HoldLot:
    """Sets credits of one purchase aside, to be refunded or while they are in dispute; a frozen wallet does not matter.

    Draws from that purchase's lot alone, or from that of the grant which came with it where `origin` says so.
    `is_partial_enough` takes what the lot still has where that is less.
    """

    organisation_id: int
    reference: UUID
    amount: int
    purchase: UUID
    is_partial_enough: bool = False
    origin: Kind = Kind.PURCHASE


@dataclass(frozen=True, slots=True)
class RefundHold:
    """The money of a whole hold went back: its credits leave the organisation."""

    organisation_id: int
    reference: UUID


@dataclass(frozen=True, slots=True)
class Reverse:
    """The money of a purchase is gone without our doing: a lost dispute, a refund made at the gateway itself.

    Takes from that purchase's lot, then from the others; what none of them has is owed, and the wallet is frozen.
    """

    organisation_id: int
    reference: UUID
    amount: int
    purchase: UUID


@dataclass(frozen=True, slots=True)
class ExpireLots:
    """Books the expiry of every lot that is due and lies under no open hold."""

    organisation_id: int


Command = Purchase | Grant | PlaceHold | Capture | VoidHold | HoldLot | RefundHold | Reverse | ExpireLots
