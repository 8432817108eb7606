"""Reads of reconciliation, of the whole installation: for operators."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Coalesce

from khata.billing.core.reconciliation import Match
from khata.billing.models import FindingState, ReconciliationFinding, ReconciliationRun, SettledLine, TopUp
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of

RUNS_SHOWN = 12
SETTLEMENTS_SHOWN = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One comparison; `finished_at` is None while it runs or where it died, `error` says why none was made."""

    gateway_code: str
    subject: str
    listed_from: datetime
    listed_until: datetime
    started_at: datetime
    finished_at: datetime | None
    listed_count: int
    matched_count: int
    repaired_count: int
    found_count: int
    error: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One difference; amounts in minor units, None where that side has none."""

    id: UUID
    match: Match
    state: str
    gateway_code: str
    subject: str
    ref: str
    order_ref: str
    top_up_id: UUID | None
    top_up_public_id: str
    differences: tuple[str, ...]
    currency: str
    their_amount_minor: int | None
    their_status: str
    our_amount_minor: int | None
    our_status: str
    note: str
    happened_at: datetime
    found_at: datetime
    seen_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state == FindingState.OPEN


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """One payout, summed from its lines. Fees include the tax on them; adjustments are listed without a sign."""

    settlement_ref: str
    gateway_code: str
    settled_at: datetime
    lines_count: int
    payments_minor: int
    refunds_minor: int
    adjustments_minor: int
    fees_minor: int


def runs(*, limit: int = RUNS_SHOWN) -> list[RunRow]:
    """Newest first."""
    return [_run_row(row) for row in ReconciliationRun.objects.order_by("-started_at")[:limit]]


def findings(
    *, is_open: bool | None = None, limit: int = PAGE_SIZE_DEFAULT, before_id: UUID | None = None
) -> Page[FindingRow]:
    """Newest first, open and closed ones where `is_open` is None; `next_cursor` is the id to continue before."""
    rows = ReconciliationFinding.objects.select_related("top_up").order_by("-id")
    if is_open is not None:
        rows = rows.filter(state=FindingState.OPEN) if is_open else rows.exclude(state=FindingState.OPEN)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return page_of([_finding_row(row) for row in rows[: limit + 1]], limit)


def finding(*, finding_id: UUID) -> FindingRow:
    """Raises NotFound."""
    row = ReconciliationFinding.objects.select_related("top_up").filter(id=finding_id).first()
    if row is None:
        raise NotFound
    return _finding_row(row)


def findings_of(*, top_up_id: UUID) -> list[FindingRow]:
    """What was ever found about one top-up."""
    rows = ReconciliationFinding.objects.select_related("top_up").filter(top_up_id=top_up_id).order_by("-id")
    return [_finding_row(row) for row in rows]


def settlements() -> list[SettlementRow]:
    """The payouts of the last SETTLEMENTS_SHOWN, newest first."""
    lines = SettledLine.objects.filter(settled_at__gte=utc_now() - SETTLEMENTS_SHOWN)
    rows = lines.values("settlement_ref", "gateway_code").annotate(
        settled_at=Max("settled_at"),
        lines_count=Count("id"),
        payments_minor=_sum_of("payment"),
        refunds_minor=_sum_of("refund"),
        adjustments_minor=_sum_of("adjustment"),
        fees_minor=Sum("fee_minor"),
    )
    return [SettlementRow(**row) for row in rows.order_by("-settled_at")]


def settled_fee_minor(*, top_up_id: UUID) -> int | None:
    """What the gateway kept of a top-up's payments, tax on it included; None before anything was paid out."""
    fee_minor: int | None = SettledLine.objects.filter(top_up_id=top_up_id).aggregate(fees=Sum("fee_minor"))["fees"]
    return fee_minor


def _sum_of(kind: str) -> Coalesce:
    return Coalesce(Sum("amount_minor", filter=Q(kind=kind)), 0)


def _run_row(row: ReconciliationRun) -> RunRow:
    return RunRow(
        gateway_code=row.gateway_code,
        subject=row.subject,
        listed_from=row.listed_from,
        listed_until=row.listed_until,
        started_at=row.started_at,
        finished_at=row.finished_at,
        listed_count=row.listed_count,
        matched_count=row.matched_count,
        repaired_count=row.repaired_count,
        found_count=row.found_count,
        error=row.error,
    )


def _finding_row(row: ReconciliationFinding) -> FindingRow:
    top_up: TopUp | None = row.top_up
    return FindingRow(
        id=row.id,
        match=Match(row.match),
        state=row.state,
        gateway_code=row.gateway_code,
        subject=row.subject,
        ref=row.ref,
        order_ref=row.order_ref,
        top_up_id=row.top_up_id,
        top_up_public_id=top_up.public_id if top_up else "",
        differences=tuple(row.differences),
        currency=row.currency,
        their_amount_minor=row.their_amount_minor,
        their_status=row.their_status,
        our_amount_minor=row.our_amount_minor,
        our_status=row.our_status,
        note=row.note,
        happened_at=row.happened_at,
        found_at=row.found_at,
        seen_at=row.seen_at,
        closed_at=row.closed_at,
    )
