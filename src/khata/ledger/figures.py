"""Figures of the ledger for whoever watches the installation: cheap however long its history is."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, Sum

from khata.ledger.core import WalletStatus
from khata.ledger.models import LedgerProofRun, Wallet


@dataclass(frozen=True, slots=True)
class WalletFigures:
    wallets_count: int
    frozen_count: int
    held_micro: int


def wallet_figures() -> WalletFigures:
    """Reads the wallets, a row per organisation; no index can sum, and no transfer is touched."""
    sums = Wallet.objects.aggregate(
        wallets=Count("pk"), frozen=Count("pk", filter=Q(status=WalletStatus.FROZEN)), held=Sum("held")
    )
    return WalletFigures(sums["wallets"], sums["frozen"], int(sums["held"] or 0))


def last_proof_run() -> LedgerProofRun | None:
    """The newest scheduled proof (primary key, backwards); None before the first."""
    return LedgerProofRun.objects.order_by("-id").first()


def oldest_wallet_opened_at() -> datetime | None:
    """None where nobody has a wallet yet."""
    opened_at: datetime | None = Wallet.objects.aggregate(first=Min("opened_at"))["first"]
    return opened_at
