"""What the gateway paid out, line by line: kept with its fees, and held against our payments."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from khata.billing.core.reconciliation import Match, SettledComparison, compare_settled
from khata.billing.models import (
    PaymentAttempt,
    ReconciliationRun,
    ReconciliationSubject,
    Refund,
    SettledLine,
)
from khata.billing.operations.reconciliation import fail_run, start_run
from khata.billing.operations.reconciliation_findings import Difference, keep_findings
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction, needs_database
from khata.payments.port import Gateway, Refused, SettledItem, Unavailable
from khata.payments.registry import gateways

DAYS_BACK = 3
"""Each day is read so often: a line can be posted after its day has ended."""

_DAY_ZONE = ZoneInfo("Asia/Kolkata")


@needs_database
def reconcile_settlements() -> list[ReconciliationRun]:
    """The last DAYS_BACK whole days of every gateway that tells; a run for each day."""
    today = day_of(utc_now())
    days = [today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
    return [reconcile_day(one, day) for one in gateways() if one.capabilities.has_settlements for day in days]


def day_of(instant: datetime) -> date:
    """The day whose list names what was settled at that instant."""
    return instant.astimezone(_DAY_ZONE).date()


def reconcile_day(gateway: Gateway, day: date) -> ReconciliationRun:
    midnight = datetime(day.year, day.month, day.day, tzinfo=_DAY_ZONE)
    run = start_run(gateway, ReconciliationSubject.SETTLEMENTS, midnight, midnight + timedelta(days=1))
    items = gateway.list_settled(year=day.year, month=day.month, day=day.day)
    if isinstance(items, Refused | Unavailable):
        return fail_run(run, items)
    amounts, top_ups = _ours(gateway, items)
    comparisons = compare_settled(items, amounts)
    found = [one for one in comparisons if one.match.is_finding]
    with in_transaction():
        _keep_lines(gateway, items, top_ups)
        matched_refs = [one.item.ref for one in comparisons if one.match is Match.MATCHED]
        keep_findings(run, [_difference(one, top_ups) for one in found], matched_refs)
        run.listed_count = len(items)
        run.matched_count = len(matched_refs)
        run.found_count = len(found)
        run.finished_at = utc_now()
        run.save()
    return run


def _ours(gateway: Gateway, items: Sequence[SettledItem]) -> tuple[dict[str, int], dict[str, UUID]]:
    """Amounts and top-ups by reference, of what is ours among the lines."""
    refs = [item.ref for item in items]
    attempts = PaymentAttempt.objects.filter(gateway_code=gateway.code, mode=gateway.mode, payment_ref__in=refs)
    refunds = Refund.objects.filter(gateway_code=gateway.code, mode=gateway.mode, refund_ref__in=refs)
    known = [
        *attempts.values_list("payment_ref", "amount_minor", "top_up_id"),
        *refunds.values_list("refund_ref", "amount_minor", "top_up_id"),
    ]
    amounts = {ref: amount for ref, amount, _ in known if ref}
    return amounts, {ref: top_up_id for ref, _, top_up_id in known if ref}


def _keep_lines(gateway: Gateway, items: Sequence[SettledItem], top_ups: dict[str, UUID]) -> None:
    """A day read again changes nothing that is kept."""
    SettledLine.objects.bulk_create(
        [
            SettledLine(
                gateway_code=gateway.code,
                mode=gateway.mode,
                settlement_ref=item.settlement_ref,
                kind=item.kind,
                ref=item.ref,
                top_up_id=top_ups.get(item.ref),
                amount_minor=item.amount_minor,
                fee_minor=item.fee_minor,
                tax_minor=item.tax_minor,
                settled_at=item.settled_at,
            )
            for item in items
        ],
        ignore_conflicts=True,
    )


def _difference(comparison: SettledComparison, top_ups: dict[str, UUID]) -> Difference:
    item = comparison.item
    return Difference(
        match=comparison.match,
        ref=item.ref,
        order_ref=item.order_ref or "",
        top_up_id=top_ups.get(item.ref),
        happened_at=item.settled_at,
        differences=("amount",) if comparison.match is Match.DIFFERS else (),
        their_amount_minor=item.amount_minor,
        their_status="settled",
        our_amount_minor=comparison.our_amount_minor,
    )
