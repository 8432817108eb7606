"""What can be done with credits. Every write goes through `post_batch`, inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from khata.kernel.clock import utc_now
from khata.kernel.credits import credits_text
from khata.kernel.ids import shard_of
from khata.kernel.transactions import in_transaction
from khata.ledger.core import CHAIN_START, Command, Desk, ExpireLots, Outcome, WalletStatus
from khata.ledger.errors import CreditsOwed, InsufficientCredits, WalletFrozen
from khata.ledger.models import Lot, Wallet
from khata.ledger.proof import LedgerProof, prove_ledger
from khata.ledger.proof_runs import is_proof_due, prove_if_due
from khata.ledger.rows import Wallets, copy_transfers, load_book, lock_wallets, write_balances

__all__ = [
    "CreditsOwed",
    "InsufficientCredits",
    "LedgerProof",
    "WalletFrozen",
    "Wallets",
    "expire_due_lots",
    "freeze_wallet",
    "is_proof_due",
    "lock_wallets",
    "open_wallet",
    "post_batch",
    "post_batch_at",
    "prove_if_due",
    "unfreeze_wallet",
    "verify_ledger",
]


def open_wallet(organisation_id: int) -> None:
    """Gives an organisation its empty wallet; a second call changes nothing."""
    Wallet.objects.get_or_create(
        shard=shard_of(organisation_id),
        organisation_id=organisation_id,
        defaults={"chain": CHAIN_START, "opened_at": utc_now()},
    )


def post_batch(connection: psycopg.Connection[Any], commands: Sequence[Command]) -> list[Outcome]:
    """Decides and writes `commands` in the transaction open on `connection`; one outcome per command, in order.

    The wallets touched stay locked until that transaction ends. Nothing is durable before it commits.
    """
    if not commands:
        return []
    wallets = lock_wallets(connection, {command.organisation_id for command in commands})
    return post_batch_at(connection, wallets, commands)[0]


def post_batch_at(
    connection: psycopg.Connection[Any], wallets: Wallets, commands: Sequence[Command]
) -> tuple[list[Outcome], datetime]:
    """The same under locks already taken (`lock_wallets`), of every organisation the commands name.

    Also returns the instant (database time) the transfers carry, for rows written beside them.
    """
    book, now = load_book(connection, wallets, commands)
    desk = Desk(book, now)
    copy_transfers(connection, desk.decide(commands), now)
    write_balances(connection, desk.wallets(), desk.lots())
    return desk.outcomes, now


def freeze_wallet(organisation_id: int) -> None:
    """Stops new holds; what is held is still settled."""
    _set_status(organisation_id, WalletStatus.FROZEN)


def unfreeze_wallet(organisation_id: int) -> None:
    """Raises CreditsOwed while the wallet is below zero: credits that come in pay that first."""
    mine = Wallet.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    # One statement: a reversal at the same moment either comes first and is seen, or freezes it again.
    if not mine.filter(floor=0).update(status=WalletStatus.ACTIVE) and (wallet := mine.first()) is not None:
        raise CreditsOwed(owed=credits_text(-wallet.floor))


def expire_due_lots() -> int:
    """Books the expiry of every lot whose time has come and that lies under no open hold. Returns how many wallets."""
    due = Lot.objects.filter(expires_at__lte=utc_now(), is_open=True, remaining__gt=0, held=0)
    organisation_ids = sorted(set(due.values_list("organisation_id", flat=True)))
    for organisation_id in organisation_ids:
        with in_transaction() as connection:
            post_batch(connection, [ExpireLots(organisation_id)])
    return len(organisation_ids)


def verify_ledger() -> LedgerProof:
    """Proves the ledger from its rows alone, on one consistent snapshot. Changes nothing."""
    return prove_ledger()


def _set_status(organisation_id: int, status: WalletStatus) -> None:
    Wallet.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id).update(status=status)
