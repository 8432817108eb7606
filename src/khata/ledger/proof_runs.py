"""The proof on schedule: one at a time over all workers, its result kept, a wallet that does not add up stopped."""

import logging
from datetime import datetime, timedelta
from typing import Any

import psycopg

from khata.kernel.clock import utc_now
from khata.kernel.ids import public_organisation_id, shard_of
from khata.kernel.transactions import database_required, needs_database, read_snapshot
from khata.ledger.core import WalletStatus
from khata.ledger.models import LedgerProofRun, Wallet
from khata.ledger.proof import LedgerProof, prove_on

logger = logging.getLogger(__name__)

ADVISORY_LOCK = 0x6B6861746102
PROBLEMS_KEPT_MAX = 100


@needs_database
def is_proof_due(*, interval: timedelta) -> bool:
    """Whether the last scheduled proof is older than `interval`, or there was none."""
    last = LedgerProofRun.objects.order_by("-id").values_list("proved_at", flat=True).first()
    return last is None or last <= utc_now() - interval


def prove_if_due(*, interval: timedelta) -> LedgerProofRun | None:
    """Proves the ledger and keeps the result; None where it is not due or somebody else is at it.

    A wallet that does not add up is frozen: what it holds is still settled, nothing new is accepted. All others go on.
    """
    with database_required(), read_snapshot() as raw:
        # The lock belongs to the snapshot's transaction: whoever dies while proving lets go of it. That the proof is
        # due is asked under the lock and outside the snapshot, so that a proof which ended just now is seen.
        if not _try_lock(raw) or not is_proof_due(interval=interval):
            return None
        began_at = utc_now()
        proof = prove_on(raw)
        _alarm(proof)
        return _keep(proof, began_at)


def _try_lock(raw: "psycopg.Connection[Any]") -> bool:
    row = raw.execute("select pg_try_advisory_xact_lock(%s)", (ADVISORY_LOCK,)).fetchone()
    return row is not None and bool(row[0])


def _alarm(proof: LedgerProof) -> None:
    """First said, then done: even if freezing fails, somebody has heard."""
    for problem in proof.problems[:PROBLEMS_KEPT_MAX]:
        logger.critical("the ledger is not sound: %s", problem)
    for organisation_id in sorted(proof.organisation_ids_unsound):
        _freeze(organisation_id)


def _freeze(organisation_id: int) -> None:
    mine = Wallet.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    if mine.exclude(status=WalletStatus.FROZEN).update(status=WalletStatus.FROZEN):
        logger.critical("sending is stopped for %s", public_organisation_id(organisation_id))


def _keep(proof: LedgerProof, began_at: datetime) -> LedgerProofRun:
    return LedgerProofRun.objects.create(
        proved_at=proof.proved_at,
        took_ms=(proof.proved_at - began_at) // timedelta(milliseconds=1),
        is_sound=proof.is_sound,
        organisations_count=proof.organisations_count,
        transfers_count=proof.transfers_count,
        problems=proof.problems[:PROBLEMS_KEPT_MAX],
    )
