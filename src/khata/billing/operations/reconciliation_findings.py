"""Findings: kept once per payment, closed by the run that no longer sees them, or by a person."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from khata.billing.core.reconciliation import Match
from khata.billing.models import FindingState, ReconciliationFinding, ReconciliationRun
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.transactions import in_transaction

NOTE_LENGTH_MAX = 400


@dataclass(frozen=True, slots=True)
class Difference:
    """What a run saw of one payment or settled line; empty or None where a side has nothing to say."""

    match: Match
    ref: str
    order_ref: str
    top_up_id: UUID | None
    happened_at: datetime
    differences: tuple[str, ...] = ()
    currency: str = ""
    their_amount_minor: int | None = None
    their_status: str = ""
    our_amount_minor: int | None = None
    our_status: str = ""


def keep_findings(run: ReconciliationRun, differences: Sequence[Difference], matched_refs: Collection[str]) -> None:
    """Opens what is new, closes as repaired what matches now.

    One that a person looked at stays closed while it looks the same; one that was repaired opens again.
    """
    now = utc_now()
    with in_transaction():
        _of(run).filter(state=FindingState.OPEN, ref__in=matched_refs).update(
            state=FindingState.REPAIRED, closed_at=now, seen_at=now
        )
        for difference in differences:
            _keep(run, difference)


def note_finding(finding_id: UUID, note: str) -> ReconciliationFinding:
    """Closes one as looked at; a second time only the note changes. Raises NotFound."""
    with in_transaction():
        finding = ReconciliationFinding.objects.select_for_update().filter(id=finding_id).first()
        if finding is None:
            raise NotFound
        if finding.state == FindingState.OPEN:
            finding.state = FindingState.NOTED
            finding.closed_at = utc_now()
        finding.note = note[:NOTE_LENGTH_MAX]
        finding.save(update_fields=["state", "closed_at", "note"])
    return finding


def _keep(run: ReconciliationRun, difference: Difference) -> None:
    now = utc_now()
    facts = asdict(difference) | {"differences": list(difference.differences)}
    known = _of(run).select_for_update().filter(ref=difference.ref).first()
    if known is None:
        identity = {"gateway_code": run.gateway_code, "mode": run.mode, "subject": run.subject}
        ReconciliationFinding.objects.create(**identity, **facts, found_at=now, seen_at=now)
        return
    is_same = all(getattr(known, name) == value for name, value in facts.items())
    if known.state == FindingState.REPAIRED or not is_same:
        known.state, known.closed_at, known.found_at = FindingState.OPEN, None, now
    for name, value in facts.items():
        setattr(known, name, value)
    known.seen_at = now
    known.save()


def _of(run: ReconciliationRun) -> QuerySet[ReconciliationFinding]:
    return ReconciliationFinding.objects.filter(gateway_code=run.gateway_code, mode=run.mode, subject=run.subject)
