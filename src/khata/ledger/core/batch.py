"""The ledger's rules: commands apply in order, each gets its outcome, a refused one leaves no trace."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khata.kernel.credits import AMOUNT_MICRO_MAX
from khata.ledger.core.book import Book, Draws, Kind, Lot, Transfer, Wallet, WalletStatus
from khata.ledger.core.commands import (
    Capture,
    Command,
    ExpireLots,
    Grant,
    HoldLot,
    PlaceHold,
    Purchase,
    RefundHold,
    Reverse,
    VoidHold,
)
from khata.ledger.core.outcomes import Condition, Outcome
from khata.ledger.core.purse import Purse


@dataclass(frozen=True, slots=True)
class Decision:
    """What a batch comes to: the wallets and lots as they stand after it, its transfers, one outcome per command.

    `lots` holds only lots that were made or changed.
    """

    wallets: tuple[Wallet, ...]
    lots: tuple[Lot, ...]
    transfers: tuple[Transfer, ...]
    outcomes: tuple[Outcome, ...]


def apply_batch(book: Book, commands: Iterable[Command], now: datetime) -> Decision:
    """Decides `commands` in order on `book`. Pure: the same arguments give the same decision."""
    desk = Desk(book, now)
    transfers = tuple(desk.decide(commands))
    return Decision(desk.wallets(), desk.lots(), transfers, tuple(desk.outcomes))


class Desk:
    """The book while it is being written on: `apply_batch` in steps, for who writes transfers as they are decided."""

    def __init__(self, book: Book, now: datetime) -> None:
        self.outcomes: list[Outcome] = []
        self._now = now
        self._draws = dict(book.effects.draws)
        self._written: list[Transfer] = []
        lots: defaultdict[int, list[Lot]] = defaultdict(list)
        for lot in book.lots:
            lots[lot.organisation_id].append(lot)
        self._purses = {id_: Purse(wallet, lots[id_], now, self._written) for id_, wallet in book.wallets.items()}

    def decide(self, commands: Iterable[Command]) -> Iterator[Transfer]:
        """Decides them in order and yields the transfers of each; what it comes to stands once they are all out."""
        for command in commands:
            self.outcomes.append(self._decide(command))
            yield from self._written
            self._written.clear()

    def wallets(self) -> tuple[Wallet, ...]:
        return tuple(purse.snapshot() for purse in self._moved())

    def lots(self) -> tuple[Lot, ...]:
        return tuple(
            parcel.snapshot() for purse in self._moved() for parcel in purse.parcels.values() if parcel.changed
        )

    def _moved(self) -> list[Purse]:
        return [purse for purse in self._purses.values() if purse.seq != purse.wallet.last_seq]

    def _decide(self, command: Command) -> Outcome:
        purse = self._purses.get(command.organisation_id)
        if purse is None:
            return Outcome(Condition.UNKNOWN_WALLET, 0)
        match command:
            case PlaceHold():
                condition = self._place_hold(purse, command)
            case Capture():
                condition = self._capture(purse, command)
            case VoidHold():
                condition = self._void(purse, command)
            case Purchase() | Grant():
                condition = self._add(purse, command)
            case HoldLot():
                condition = self._hold_lot(purse, command)
            case RefundHold():
                condition = self._refund(purse, command)
            case Reverse():
                condition = self._reverse(purse, command)
            case ExpireLots():
                purse.expire()
                condition = Condition.ACCEPTED
        return Outcome(condition, purse.available)

    def _add(self, purse: Purse, command: Purchase | Grant) -> Condition:
        kind, price_minor = (Kind.PURCHASE, command.price_minor) if isinstance(command, Purchase) else (Kind.GRANT, 0)
        if not 0 < command.amount <= AMOUNT_MICRO_MAX:
            return Condition.AMOUNT_OUT_OF_RANGE
        if command.expires_at is not None and command.expires_at <= self._now:
            return Condition.EXPIRY_PASSED
        key = (command.organisation_id, kind, command.reference)
        if (done := self._draws.get(key)) is not None:
            return _repeated(done, command.amount)
        purse.add_lot(kind, command.reference, command.amount, command.expires_at, price_minor)
        self._draws[key] = ((purse.seq, command.amount),)
        return Condition.ACCEPTED

    def _place_hold(self, purse: Purse, command: PlaceHold) -> Condition:
        if not 0 < command.amount <= AMOUNT_MICRO_MAX:
            return Condition.AMOUNT_OUT_OF_RANGE
        if purse.status is WalletStatus.FROZEN:
            return Condition.WALLET_FROZEN
        key = (command.organisation_id, Kind.HOLD, command.reference)
        if (done := self._draws.get(key)) is not None:
            return _repeated(done, command.amount)
        if (draws := purse.draw(command.reference, command.amount)) is None:
            return Condition.INSUFFICIENT_CREDITS
        self._draws[key] = draws
        return Condition.ACCEPTED

    def _capture(self, purse: Purse, command: Capture) -> Condition:
        if not 0 < command.amount <= AMOUNT_MICRO_MAX:
            return Condition.AMOUNT_OUT_OF_RANGE
        if (done := self._drawn(command, Kind.CAPTURE)) is not None:
            return _repeated(done, command.amount)
        if (draws := self._drawn(command, Kind.HOLD)) is None:
            return Condition.HOLD_MISSING
        if self._is_closed(command, Kind.VOID, Kind.REFUND):
            return Condition.HOLD_CLOSED
        if command.amount > _total(draws):
            return Condition.HOLD_EXCEEDED
        self._settle(purse, command.reference, draws, command.amount)
        return Condition.ACCEPTED

    def _void(self, purse: Purse, command: VoidHold) -> Condition:
        if self._is_closed(command, Kind.CAPTURE, Kind.REFUND):
            return Condition.HOLD_CLOSED
        if self._drawn(command, Kind.VOID) is not None:
            return Condition.ALREADY_DONE
        if (draws := self._drawn(command, Kind.HOLD)) is None:
            return Condition.HOLD_MISSING
        self._settle(purse, command.reference, draws, 0)
        return Condition.ACCEPTED

    def _hold_lot(self, purse: Purse, command: HoldLot) -> Condition:
        if not 0 < command.amount <= AMOUNT_MICRO_MAX:
            return Condition.AMOUNT_OUT_OF_RANGE
        if (done := self._drawn(command, Kind.HOLD)) is not None:
            is_enough = command.is_partial_enough and _total(done) <= command.amount
            return Condition.ALREADY_DONE if is_enough else _repeated(done, command.amount)
        origin = (command.origin, command.purchase)
        draws = purse.draw_lot(origin, command.reference, command.amount, is_partial_enough=command.is_partial_enough)
        if draws is None:
            return Condition.INSUFFICIENT_CREDITS
        self._draws[command.organisation_id, Kind.HOLD, command.reference] = draws
        return Condition.ACCEPTED

    def _refund(self, purse: Purse, command: RefundHold) -> Condition:
        if self._is_closed(command, Kind.CAPTURE, Kind.VOID):
            return Condition.HOLD_CLOSED
        if self._drawn(command, Kind.REFUND) is not None:
            return Condition.ALREADY_DONE
        if (draws := self._drawn(command, Kind.HOLD)) is None:
            return Condition.HOLD_MISSING
        purse.refund(command.reference, draws)
        self._draws[command.organisation_id, Kind.REFUND, command.reference] = draws
        return Condition.ACCEPTED

    def _reverse(self, purse: Purse, command: Reverse) -> Condition:
        if not 0 < command.amount <= AMOUNT_MICRO_MAX:
            return Condition.AMOUNT_OUT_OF_RANGE
        if (done := self._drawn(command, Kind.REVERSE)) is not None:
            return _repeated(done, command.amount)
        draws = purse.reverse(command.purchase, command.reference, command.amount)
        self._draws[command.organisation_id, Kind.REVERSE, command.reference] = draws
        return Condition.ACCEPTED

    def _settle(self, purse: Purse, reference: UUID, draws: Draws, amount: int) -> None:
        captured, voided = purse.use(reference, draws, amount)
        organisation_id = purse.wallet.organisation_id
        if captured:
            self._draws[organisation_id, Kind.CAPTURE, reference] = captured
        if voided:
            self._draws[organisation_id, Kind.VOID, reference] = voided

    def _is_closed(self, command: Capture | VoidHold | RefundHold, *kinds: Kind) -> bool:
        return any(self._drawn(command, kind) is not None for kind in kinds)

    def _drawn(self, command: Capture | VoidHold | HoldLot | RefundHold | Reverse, kind: Kind) -> Draws | None:
        return self._draws.get((command.organisation_id, kind, command.reference))


def _repeated(done: Draws, amount: int) -> Condition:
    return Condition.ALREADY_DONE if _total(done) == amount else Condition.ALREADY_DONE_DIFFERENTLY


def _total(draws: Draws) -> int:
    return sum(amount for _, amount in draws)
