"""Figures of the ledger for whoever watches the installation: cheap however long its history is."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from django.db import OperationalError
from django.db.models import Count, Min, Q, Sum

from khata.kernel.transactions import in_transaction
from khata.ledger.core import Kind, WalletStatus
from khata.ledger.models import LedgerProofRun, Transfer, Wallet

USED_TIMEOUT_MS = 1_000


@dataclass(frozen=True, slots=True)
class WalletFigures:
    wallets_count: int
    frozen_count: int
    held_micro: int
    available_micro: int


def wallet_figures() -> WalletFigures:
    """Reads the wallets, a row per organisation; no index can sum, and no transfer is touched."""
    sums = Wallet.objects.aggregate(
        wallets=Count("pk"),
        frozen=Count("pk", filter=Q(status=WalletStatus.FROZEN)),
        held=Sum("held"),
        available=Sum("available"),
    )
    return WalletFigures(sums["wallets"], sums["frozen"], int(sums["held"] or 0), int(sums["available"] or 0))


def used_micro_since(since: datetime) -> int | None:
    """Micro-credits captured since then; None where history is too long to be summed within USED_TIMEOUT_MS."""
    try:
        with in_transaction() as raw:
            raw.execute(f"set local statement_timeout = {USED_TIMEOUT_MS:d}")
            captured = Transfer.objects.filter(kind=Kind.CAPTURE, at__gte=since)
            return int(captured.aggregate(used=Sum("amount"))["used"] or 0)
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            return None
        raise


def proof_runs(*, limit: int) -> list[LedgerProofRun]:
    """The newest first."""
    return list(LedgerProofRun.objects.order_by("-id")[:limit])


def last_proof_run() -> LedgerProofRun | None:
    """The newest scheduled proof (primary key, backwards); None before the first."""
    return LedgerProofRun.objects.order_by("-id").first()


def oldest_wallet_opened_at() -> datetime | None:
    """None where nobody has a wallet yet."""
    opened_at: datetime | None = Wallet.objects.aggregate(first=Min("opened_at"))["first"]
    return opened_at
