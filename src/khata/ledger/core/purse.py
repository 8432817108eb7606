"""One organisation's wallet and lots while a batch is being decided: the only mutable thing in the core."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from khata.ledger.core.book import OWED_LOT_ID, Draws, Kind, Lot, Transfer, Wallet, WalletStatus
from khata.ledger.core.chain import extend_chain

_FAR_FUTURE = 1 << 62


class Parcel:
    """A lot in motion."""

    __slots__ = ("changed", "held", "lot", "remaining")

    def __init__(self, lot: Lot, *, changed: bool = False) -> None:
        self.lot = lot
        self.remaining = lot.remaining
        self.held = lot.held
        self.changed = changed

    def is_due(self, now: datetime) -> bool:
        return self.lot.expires_at is not None and self.lot.expires_at <= now

    def snapshot(self) -> Lot:
        lot = self.lot
        return Lot(
            lot.organisation_id, lot.lot_id, lot.origin, lot.reference, lot.amount,
            self.remaining, self.held, lot.expires_at, lot.price_minor,
        )  # fmt: skip


class Purse:
    """Mutates itself only through the moves below; each writes its transfers."""

    __slots__ = (
        "_order", "available", "chain", "floor", "held", "now", "parcels", "seq", "status", "transfers", "wallet",
    )  # fmt: skip

    def __init__(self, wallet: Wallet, lots: list[Lot], now: datetime, transfers: list[Transfer]) -> None:
        self.wallet = wallet
        self.available = wallet.available
        self.held = wallet.held
        self.floor = wallet.floor
        self.status = wallet.status
        self.seq = wallet.last_seq
        self.chain = wallet.chain
        self.now = now
        self.transfers = transfers
        self.parcels = {lot.lot_id: Parcel(lot) for lot in lots}
        self._order: list[Parcel] | None = None

    def add_lot(self, kind: Kind, reference: UUID, amount: int, expires_at: datetime | None, price_minor: int) -> None:
        lot = Lot(
            self.wallet.organisation_id, self.seq + 1, kind, reference, amount, amount, 0, expires_at, price_minor
        )
        self.parcels[lot.lot_id] = Parcel(lot, changed=True)
        self._order = None
        self.available += amount
        self._write(kind, amount, lot.lot_id, reference, lot)
        if self.floor:
            self._repay(reference)

    def draw(self, reference: UUID, amount: int) -> Draws | None:
        """Moves `amount` from available to held, in burn order; None (and no change) where it is not there."""
        draws: list[tuple[int, int]] = []
        wanted = amount
        for parcel in self._burn_order():
            if not parcel.remaining or parcel.is_due(self.now):
                continue
            part = min(wanted, parcel.remaining)
            draws.append((parcel.lot.lot_id, part))
            wanted -= part
            if not wanted:
                break
        if wanted or self.available - amount < self.floor:
            return None
        for lot_id, part in draws:
            self._move(Kind.HOLD, lot_id, reference, part)
        return tuple(draws)

    def draw_lot(
        self, origin: tuple[Kind, UUID], reference: UUID, amount: int, *, is_partial_enough: bool
    ) -> Draws | None:
        """Moves `amount` of one origin's lot to held, or what it has; None (no change) where that is not enough."""
        parcel = self._parcel_of(origin)
        if parcel is None or not parcel.remaining or parcel.is_due(self.now):
            return None
        part = min(amount, parcel.remaining)
        if part < amount and not is_partial_enough:
            return None
        self._move(Kind.HOLD, parcel.lot.lot_id, reference, part)
        return ((parcel.lot.lot_id, part),)

    def refund(self, reference: UUID, draws: Draws) -> None:
        """The held draws leave the organisation."""
        for lot_id, part in draws:
            self._move(Kind.REFUND, lot_id, reference, part)

    def reverse(self, purchase: UUID, reference: UUID, amount: int) -> Draws:
        """Takes `amount` from available: from that purchase's lot, then in burn order, the rest as credits owed.

        Credits whose time has passed count while their expiry is not booked.
        """
        own = self._parcel_of((Kind.PURCHASE, purchase))
        others = [parcel for parcel in self._burn_order() if parcel is not own]
        draws = self._take(Kind.REVERSE, [*([own] if own else []), *others], reference, amount)
        if owed := amount - sum(part for _, part in draws):
            self._owe(Kind.REVERSE, reference, owed)
            self.status = WalletStatus.FROZEN
            draws.append((OWED_LOT_ID, owed))
        return tuple(draws)

    def use(self, reference: UUID, draws: Draws, amount: int) -> tuple[Draws, Draws]:
        """Captures `amount` of the held draws, first drawn first used, and returns the rest to its lots."""
        captured: list[tuple[int, int]] = []
        voided: list[tuple[int, int]] = []
        for lot_id, drawn in draws:
            used = min(drawn, amount)
            amount -= used
            if used:
                captured.append((lot_id, used))
            if drawn - used:
                voided.append((lot_id, drawn - used))
        for lot_id, part in captured:
            self._move(Kind.CAPTURE, lot_id, reference, part)
        for lot_id, part in voided:
            self._move(Kind.VOID, lot_id, reference, part)
        if voided and self.floor:
            self._repay(reference)
        return tuple(captured), tuple(voided)

    def expire(self) -> None:
        for parcel in self._burn_order():
            if parcel.is_due(self.now) and parcel.remaining and not parcel.held:
                self._move(Kind.EXPIRE, parcel.lot.lot_id, parcel.lot.reference, parcel.remaining)

    def snapshot(self) -> Wallet:
        wallet = self.wallet
        return Wallet(wallet.organisation_id, self.available, self.held, self.floor, self.status, self.seq, self.chain)

    def _repay(self, reference: UUID) -> None:
        """Credits that have just come in pay what is owed: nobody holds some while owing others."""
        repaid = min(-self.floor, sum(parcel.remaining for parcel in self.parcels.values()))
        self._owe(Kind.CLEAR, reference, -repaid)
        self._take(Kind.REPAY, self._burn_order(), reference, repaid)

    def _take(self, kind: Kind, parcels: Iterable[Parcel], reference: UUID, amount: int) -> list[tuple[int, int]]:
        """As much of `amount` as these lots have, in their order."""
        draws: list[tuple[int, int]] = []
        for parcel in parcels:
            if part := min(amount, parcel.remaining):
                self._move(kind, parcel.lot.lot_id, reference, part)
                draws.append((parcel.lot.lot_id, part))
                amount -= part
        return draws

    def _owe(self, kind: Kind, reference: UUID, amount: int) -> None:
        """Owes `amount` more; less where it is negative."""
        self.available -= amount
        self.floor -= amount
        self._write(kind, abs(amount), OWED_LOT_ID, reference, None)

    def _parcel_of(self, origin: tuple[Kind, UUID]) -> Parcel | None:
        return next(
            (parcel for parcel in self.parcels.values() if (parcel.lot.origin, parcel.lot.reference) == origin), None
        )

    def _move(self, kind: Kind, lot_id: int, reference: UUID, amount: int) -> None:
        parcel = self.parcels[lot_id]
        parcel.changed = True
        available, held = _MOVES[kind]
        parcel.remaining += available * amount
        parcel.held += held * amount
        self.available += available * amount
        self.held += held * amount
        self._write(kind, amount, lot_id, reference, None)

    def _write(self, kind: Kind, amount: int, lot_id: int, reference: UUID, made: Lot | None) -> None:
        self.seq += 1
        transfer = Transfer(self.wallet.organisation_id, self.seq, kind, amount, lot_id, reference, self.available)
        self.chain = extend_chain(self.chain, transfer, self.now, made)
        self.transfers.append(transfer)

    def _burn_order(self) -> list[Parcel]:
        """Expires first, then granted before purchased, then oldest (a lot's id is its age)."""
        if self._order is None:
            self._order = sorted(self.parcels.values(), key=_burn_key)
        return self._order


_MOVES = {
    Kind.HOLD: (-1, +1),
    Kind.CAPTURE: (0, -1),
    Kind.VOID: (+1, -1),
    Kind.EXPIRE: (-1, 0),
    Kind.REFUND: (0, -1),
    Kind.REVERSE: (-1, 0),
    Kind.REPAY: (-1, 0),
}
"""How each kind changes (available, held), of the lot and of the wallet alike."""


def _burn_key(parcel: Parcel) -> tuple[float, bool, int]:
    lot = parcel.lot
    expires = _FAR_FUTURE if lot.expires_at is None else lot.expires_at.timestamp()
    return expires, lot.origin is Kind.PURCHASE, lot.lot_id
