"""What the ledger is made of: wallets, lots and transfers, and the book a batch is decided on.

All amounts are micro-credits. A hold has no row of its own: it is the `hold` transfers that share a reference,
less the `capture`, `void` and `refund` transfers of the same reference. Credits owed have no row either: they are what
was taken under OWED_LOT_ID, less what was cleared there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID


class Kind(IntEnum):
    """Why credits moved. The numbers are stored."""

    PURCHASE = 1
    GRANT = 2
    HOLD = 3
    CAPTURE = 4
    VOID = 5
    EXPIRE = 6
    REFUND = 7
    REVERSE = 8
    REPAY = 9
    CLEAR = 10


class Account(IntEnum):
    """Where credits stand, per organisation. The numbers are stored."""

    PURCHASED = 1
    GRANTED = 2
    AVAILABLE = 3
    HELD = 4
    CONSUMED = 5
    EXPIRED = 6
    REFUNDED = 7
    REVERSED = 8


ROUTES: Mapping[Kind, tuple[Account, Account]] = {
    Kind.PURCHASE: (Account.PURCHASED, Account.AVAILABLE),
    Kind.GRANT: (Account.GRANTED, Account.AVAILABLE),
    Kind.HOLD: (Account.AVAILABLE, Account.HELD),
    Kind.CAPTURE: (Account.HELD, Account.CONSUMED),
    Kind.VOID: (Account.HELD, Account.AVAILABLE),
    Kind.EXPIRE: (Account.AVAILABLE, Account.EXPIRED),
    Kind.REFUND: (Account.HELD, Account.REFUNDED),
    Kind.REVERSE: (Account.AVAILABLE, Account.REVERSED),
    Kind.REPAY: (Account.AVAILABLE, Account.REVERSED),
    Kind.CLEAR: (Account.REVERSED, Account.AVAILABLE),
}
"""Source and target of every kind: one transfer is one balanced double entry.

`repay` and `clear` come in pairs of equal sums: credits that come into a wallet which owes some repay them from their
lot, and as much is cleared of what was owed. Together they change no balance.
"""

OWED_LOT_ID = 0
"""Where a transfer names it, credits were taken that no lot had, or are owed no longer. No lot has this id."""


class WalletStatus(IntEnum):
    ACTIVE = 1
    FROZEN = 2


@dataclass(frozen=True, slots=True)
class Wallet:
    """One per organisation. `last_seq` counts its transfers without gaps; `chain` seals them (see chain.py).

    `floor` is 0, or as far below it as credits are owed: then no lot has any left, and `available` equals `floor`.
    """

    organisation_id: int
    available: int
    held: int
    floor: int
    status: WalletStatus
    last_seq: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class Lot:
    """A parcel of credits with one origin. `lot_id` is the `seq` of the transfer that made it.

    Of `amount`, `remaining` can still be drawn and `held` lies under open holds; the rest was used, expired or taken
    back.
    """

    organisation_id: int
    lot_id: int
    origin: Kind
    reference: UUID
    amount: int
    remaining: int
    held: int
    expires_at: datetime | None
    price_minor: int
    """What was paid for the whole lot, before tax (paise); 0 for a grant."""


class Transfer(NamedTuple):
    """One balanced double entry, never changed. `at` is the batch's `now`."""

    organisation_id: int
    seq: int
    kind: Kind
    amount: int
    lot_id: int
    reference: UUID
    available_after: int


Draws = tuple[tuple[int, int], ...]
"""(lot_id, amount) pairs, in the order they were drawn."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What transfers already exist for the references a batch names: (organisation_id, kind, reference) → draws."""

    draws: Mapping[tuple[int, Kind, UUID], Draws] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """The wallets a batch touches, their open lots, and the effects already there."""

    wallets: Mapping[int, Wallet]
    lots: tuple[Lot, ...] = ()
    effects: Effects = field(default_factory=Effects)
