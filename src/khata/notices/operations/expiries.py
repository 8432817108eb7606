"""Telling of lots before they expire."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from khata.billing import queries as billing
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.ledger.standings import ExpiringLot, expiring_lots
from khata.notices.core.expiry_marks import MARKS_DAYS, mark_due
from khata.notices.core.kinds import NoticeKind
from khata.notices.models import Notice
from khata.notices.operations.mails import expiry_letter, make_notice

PAGE = 1_000

_Told = set[tuple[int, int | None, int | None]]


def announce_expiries() -> int:
    """For every lot with something left whose mark has passed, once each; returns how many notices were made.

    The switch for low credits does not silence these: credits must not go unnoticed. A plan's included credits are
    left out: they expire every month, as the plan and the mail on its payment say.
    """
    now = utc_now()
    until = now + timedelta(days=MARKS_DAYS[0])
    made_count, last = 0, None
    while lots := expiring_lots(after=now, until=until, limit=PAGE, after_lot=last):
        last = lots[-1]
        included = billing.plan_grants_for_anyone(references=[lot.reference for lot in lots])
        told = _told(lots)
        made_count += sum(_announce(lot, told, now) for lot in lots if lot.reference not in included)
    return made_count


def _told(lots: Sequence[ExpiringLot]) -> _Told:
    rows = Notice.objects.filter(
        organisation_id__in={lot.organisation_id for lot in lots}, lot_id__in={lot.lot_id for lot in lots}
    )
    return set(rows.values_list("organisation_id", "lot_id", "mark_days"))


def _announce(lot: ExpiringLot, told: _Told, now: datetime) -> bool:
    """Another worker may be at the same lot: the unique key lets one of them through, and the other hears of it."""
    days = mark_due(made_at=lot.made_at, expires_at=lot.expires_at, now=now)
    if days is None or (lot.organisation_id, lot.lot_id, days) in told:
        return False
    with in_transaction():
        return make_notice(
            organisation_id=lot.organisation_id,
            kind=NoticeKind.EXPIRY,
            letter=expiry_letter(lot),
            lot_id=lot.lot_id,
            mark_days=days,
        )
