"""Reads of auto top-up: how it stands, and what it has taken this month."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from khata.billing.core.auto_top_up import (
    TAKEN_BACK,
    AutomaticTopUp,
    AutoTopUpState,
    PauseReason,
    Terms,
    counted_minor,
    month_began_at,
)
from khata.billing.core.checks import CHECKS_END_AFTER
from khata.billing.core.failures import is_outcome_clear
from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import AutoTopUp, TopUp
from khata.billing.queries.top_ups import TopUpRow, quote, top_up_row, with_attempts
from khata.kernel.clock import utc_now
from khata.ledger.figures import last_proof_run
from khata.payments.port import PaymentStatus
from khata.payments.registry import gateways
from khata.tenancy import queries as tenancy

SHOWN_MAX = 20
_OPEN = (TopUpState.CREATED.value, TopUpState.PENDING.value)
_PAUSING = tuple(state.value for state in (*TAKEN_BACK, TopUpState.REVIEW))


@dataclass(frozen=True, slots=True)
class AutoTopUpRow:
    """Money in paise, credits in micro-credits. `taken_minor` counts towards the cap in this calendar month."""

    id: UUID
    state: AutoTopUpState
    pause_reason: PauseReason | None
    is_halted: bool
    """The operator's books are being checked, so nobody is charged by itself."""
    amount_minor: int
    total_minor: int
    """What a payment takes now, tax included."""
    level_credits_micro: int
    cap_minor: int
    taken_minor: int
    gateway_code: str
    method_detail: str
    failures_count: int
    next_try_at: datetime | None
    problem: str
    first_top_up_id: UUID | None
    under_way: TopUpRow | None
    arrives_by: datetime | None
    """Of the payment under way: when its bank has had the time of its notice."""


def auto_top_up(*, organisation_id: int) -> AutoTopUpRow | None:
    """None where it was never set up."""
    row = AutoTopUp.objects.filter(organisation_id=organisation_id).first()
    return None if row is None else _row(row)


def auto_top_up_for_anyone(*, auto_top_up_id: UUID) -> tuple[int, AutoTopUpRow]:
    """For the job that writes its mail: whose it is, and how it stands."""
    row = AutoTopUp.objects.get(id=auto_top_up_id)
    return row.organisation_id, _row(row)


def automatic_top_ups(*, organisation_id: int, limit: int = SHOWN_MAX) -> list[TopUpRow]:
    """Those begun by themselves, newest first."""
    rows = with_attempts().filter(organisation_id=organisation_id).exclude(token_ref="").order_by("-id")
    return [top_up_row(row) for row in rows[:limit]]


def is_halted() -> bool:
    """The breaker: while the last proof of the ledger found something wrong, nobody is charged by itself."""
    proof = last_proof_run()
    return proof is not None and not proof.is_sound


def arrives_by(top_up: TopUpRow) -> datetime:
    """When a charge begun by itself has had the time of its notice."""
    return top_up.created_at + timedelta(hours=notice_hours(top_up.gateway_code))


def notice_hours(gateway_code: str | None) -> int:
    """How long a charge there takes to arrive; None for whichever gateway that can charge comes first."""
    able = [each for each in gateways() if each.capabilities.has_saved_methods]
    return next((each.capabilities.notice_hours for each in able if gateway_code in (None, each.code)), 0)


def terms_of(row: AutoTopUp, total_minor: int) -> Terms:
    return Terms(
        total_minor=total_minor,
        cap_minor=row.cap_minor,
        mandate_max_minor=row.mandate_max_minor,
        level_micro=row.level_credits_micro,
        notice=timedelta(hours=notice_hours(row.gateway_code)),
    )


def automatic_of(row: AutoTopUp) -> list[AutomaticTopUp]:
    """All that may matter for the cap of this month, for what is under way, or for a pause."""
    since = _month_began_at(row) - CHECKS_END_AFTER
    matters = Q(created_at__gte=since) | Q(paid_at__gte=since) | Q(state__in=(*_OPEN, *_PAUSING))
    known = set(row.known_ids)
    return [_automatic(top_up, known) for top_up in _mine(row).filter(matters).prefetch_related("attempts")]


def pausing_ids(row: AutoTopUp) -> list[UUID]:
    """Top-ups refunded, disputed or in doubt now."""
    return list(_mine(row).filter(state__in=_PAUSING).values_list("id", flat=True))


def _mine(row: AutoTopUp) -> QuerySet[TopUp]:
    mine = TopUp.objects.filter(organisation_id=row.organisation_id)
    return mine.filter(~Q(token_ref="") | Q(id=row.first_top_up_id))


def _automatic(top_up: TopUp, known: set[UUID]) -> AutomaticTopUp:
    return AutomaticTopUp(
        state=TopUpState(top_up.state),
        # What a person paid does not count towards the cap, but its refund or dispute pauses as any other.
        total_minor=top_up.total_minor if top_up.is_automatic else 0,
        created_at=top_up.created_at,
        paid_at=top_up.paid_at,
        is_clear=all(
            is_outcome_clear(status=PaymentStatus(each.status), code=each.error_code, reason=each.error_reason)
            for each in top_up.attempts.all()
        ),
        is_known=top_up.id in known,
    )


def _month_began_at(row: AutoTopUp) -> datetime:
    zone = ZoneInfo(tenancy.organisation(organisation_id=row.organisation_id).time_zone)
    return month_began_at(utc_now().astimezone(zone)).astimezone(UTC)


def _row(row: AutoTopUp) -> AutoTopUpRow:
    under_way = top_up_row(row.under_way) if row.under_way is not None and row.under_way.state in _OPEN else None
    total_minor = quote(organisation_id=row.organisation_id, amount_minor=row.amount_minor).total_minor
    return AutoTopUpRow(
        id=row.id,
        state=AutoTopUpState(row.state),
        pause_reason=PauseReason(row.pause_reason) if row.pause_reason else None,
        is_halted=is_halted(),
        amount_minor=row.amount_minor,
        total_minor=total_minor,
        level_credits_micro=row.level_credits_micro,
        cap_minor=row.cap_minor,
        taken_minor=counted_minor(automatic_of(row), _month_began_at(row), utc_now()),
        gateway_code=row.gateway_code,
        method_detail=row.method_detail,
        failures_count=row.failures_count,
        next_try_at=row.next_try_at,
        problem=row.problem,
        first_top_up_id=row.first_top_up_id,
        under_way=under_way,
        arrives_by=arrives_by(under_way) if under_way else None,
    )
