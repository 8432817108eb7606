"""Pure decisions of the ledger: `apply_batch(book, commands, now)`. No clock, no I/O, no Django."""

from khata.ledger.core.batch import Decision, Desk, apply_batch
from khata.ledger.core.book import Account, Book, Effects, Kind, Lot, Transfer, Wallet, WalletStatus
from khata.ledger.core.chain import CHAIN_START, extend_chain
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

__all__ = [
    "CHAIN_START",
    "Account",
    "Book",
    "Capture",
    "Command",
    "Condition",
    "Decision",
    "Desk",
    "Effects",
    "ExpireLots",
    "Grant",
    "HoldLot",
    "Kind",
    "Lot",
    "Outcome",
    "PlaceHold",
    "Purchase",
    "RefundHold",
    "Reverse",
    "Transfer",
    "VoidHold",
    "Wallet",
    "WalletStatus",
    "apply_batch",
    "extend_chain",
]
