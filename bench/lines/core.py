"""How many commands a second the ledger decides, with no database anywhere near."""

from collections.abc import Iterator
from itertools import cycle, islice

from bench.figures import Figure
from bench.scale import WALLETS_COUNT
from bench.stage import Stage
from bench.timing import Step, rates_per_s
from bench.traffic import CREDITS_MICRO
from khata.kernel.clock import utc_now
from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.ids import new_uuid
from khata.ledger.core import CHAIN_START, Book, Kind, Lot, PlaceHold, Wallet, WalletStatus, apply_batch, extend_chain

BATCH_COUNT = 2_048
NOTE = f"batch {BATCH_COUNT:,}; ceiling: only sealing the same transfers"


def measure(stage: Stage) -> Iterator[Figure]:
    one, seal, many = rates_per_s([_decide_step(1), _seal_step(), _decide_step(WALLETS_COUNT)], stage.scale.seconds)
    yield Figure("pure core, 1 wallet", one, "commands/s", seal, NOTE)
    yield Figure(f"pure core, {WALLETS_COUNT:,} wallets", many, "commands/s", seal, NOTE)


def _decide_step(wallets_count: int) -> Step:
    book, holds = _book(wallets_count), _holds(wallets_count)
    return Step(lambda: len(apply_batch(book, holds, utc_now()).transfers))


def _seal_step() -> Step:
    transfers = apply_batch(_book(1), _holds(1), utc_now()).transfers

    def run() -> int:
        head, now = CHAIN_START, utc_now()
        for transfer in transfers:
            head = extend_chain(head, transfer, now)
        return len(transfers)

    return Step(run)


def _book(wallets_count: int) -> Book:
    ids = range(1, wallets_count + 1)
    wallets = {id_: Wallet(id_, CREDITS_MICRO, 0, 0, WalletStatus.ACTIVE, 1, CHAIN_START) for id_ in ids}
    lots = tuple(Lot(id_, 1, Kind.GRANT, new_uuid(), CREDITS_MICRO, CREDITS_MICRO, 0, None, 0) for id_ in ids)
    return Book(wallets, lots)


def _holds(wallets_count: int) -> list[PlaceHold]:
    turns = islice(cycle(range(1, wallets_count + 1)), BATCH_COUNT)
    return [PlaceHold(id_, new_uuid(), MICRO_PER_CREDIT, is_fresh=True) for id_ in turns]
