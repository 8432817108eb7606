"""What time alone decides: hand-overs whose worker is gone, and doubts nobody resolved."""

from datetime import timedelta

from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import VoidHold
from khata.ledger.operations import post_batch
from khata.messaging.core.life import MessageStatus
from khata.messaging.hand_over_rows import Change, database_time, lock, lock_lapsed, write_changes
from khata.messaging.models import Message
from khata.messaging.operations.leases import forget_lapsed_leases, may_sweep

DOUBT_MAX = timedelta(hours=72)
"""How long credits stay held for a message whose fate nobody knows; then it counts as expired and they return."""

_SWEEP_COUNT = 500


@needs_database
def sweep_overdue(*, token: int) -> int:
    """What was claimed under a lease that ran out becomes `unknown` (never resent by itself); old doubts end.

    `token` is the caller's own lease: leases are judged only where that has been in force for long enough.
    """
    return _sweep_lapsed(token) + _sweep_doubts()


def _sweep_lapsed(token: int) -> int:
    with in_transaction() as connection:
        if not may_sweep(connection, token=token):
            return 0
        late = lock_lapsed(connection, limit=_SWEEP_COUNT)
        doubt = Change(
            MessageStatus.UNKNOWN,
            at=database_time(connection),
            is_submitted=True,
            error_code="no_answer",
            error_detail="The hand-over was interrupted.",
        )
        swept = write_changes(connection, [(row, doubt) for row in late])
        if len(late) < _SWEEP_COUNT:
            forget_lapsed_leases(connection)
    return len(swept)


def _sweep_doubts() -> int:
    with in_transaction() as connection:
        now = database_time(connection)
        rows = Message.objects.filter(is_doubtful=True, submitted_at__lt=now - DOUBT_MAX)
        keys = list(rows.values_list("organisation_id", "id")[:_SWEEP_COUNT])
        old = [row for row in lock(connection, keys).values() if row.status is MessageStatus.UNKNOWN]
        post_batch(connection, [VoidHold(row.organisation_id, row.id) for row in old])
        end = Change(
            MessageStatus.EXPIRED,
            at=now,
            captured=0,
            error_code="no_receipt",
            error_detail="The carrier never said what became of it.",
        )
        write_changes(connection, [(row, end) for row in old])
    return len(old)
