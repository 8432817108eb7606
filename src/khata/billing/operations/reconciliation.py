"""Reconciliation: the gateway's own lists against our rows, what can be settled settled, the rest kept as findings.

Ours are read before theirs and again after settling, so that what merely happens in between is no difference.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from khata.billing.core.reconciliation import Comparison, Match, OurPayment, compare_payments
from khata.billing.core.refund_life import RefundState
from khata.billing.models import Dispute, PaymentAttempt, ReconciliationRun, ReconciliationSubject, Refund, TopUp
from khata.billing.operations.reconciliation_findings import Difference, keep_findings
from khata.billing.operations.reversal_credits import ReversalNotPosted
from khata.billing.operations.settlement import PurchaseNotPosted, settle
from khata.kernel.clock import utc_now
from khata.kernel.transactions import needs_database
from khata.payments.port import Gateway, Payment, PaymentStatus, Refused, Unavailable
from khata.payments.registry import gateways
from khata.payments.reversals import Reversal

RECENT = timedelta(hours=3)
LATE = timedelta(days=5)
"""As long as a bank may confirm late."""

ERROR_LENGTH_MAX = 255

logger = logging.getLogger(__name__)


@needs_database
def reconcile_payments(*, span: timedelta) -> list[ReconciliationRun]:
    """Compares the payments made within `span` until now, at every gateway. Returns a run for each."""
    now = utc_now()
    return [reconcile_between(gateway, now - span, now) for gateway in gateways()]


def reconcile_between(gateway: Gateway, created_from: datetime, created_until: datetime) -> ReconciliationRun:
    run = start_run(gateway, ReconciliationSubject.PAYMENTS, created_from, created_until)
    ours = _ours(gateway, created_from, created_until)
    theirs = gateway.list_payments(created_from=created_from, created_until=created_until)
    if isinstance(theirs, Refused | Unavailable):
        return fail_run(run, theirs)
    our_orders = _top_ups_by_order(gateway, (*theirs, *ours))
    first = compare_payments(theirs, ours, our_orders.keys())
    found = [comparison for comparison in first if comparison.match.is_finding]
    remaining = _compare_again(gateway, found, our_orders) if found else ()
    matched_refs = [one.payment_ref for one in (*first, *remaining) if one.match is Match.MATCHED]
    differences = [_difference(one, our_orders) for one in remaining if one.match.is_finding]
    keep_findings(run, differences, matched_refs)
    run.listed_count = len(theirs)
    run.matched_count = sum(one.match is Match.MATCHED for one in first)
    run.found_count = len(differences)
    run.repaired_count = len(found) - len(differences) + _settle_reversals(gateway, created_from, created_until)
    run.finished_at = utc_now()
    run.save()
    return run


def _settle_reversals(gateway: Gateway, created_from: datetime, created_until: datetime) -> int:
    """Refunds and disputes nobody told us of, of payments however old; how many of them were booked.

    Those known already are asked about until they have ended. Without a list the next run looks again.
    """
    listed = gateway.list_reversals(created_from=created_from, created_until=created_until)
    if isinstance(listed, Refused | Unavailable):
        logger.warning("reconciliation at %s: no list of refunds and disputes: %s", gateway.code, listed)
        return 0
    news = _unknown_reversals(gateway, listed)
    for top_up_id in sorted(set(news.values())):
        _settle(top_up_id)
    return len(news) - len(_unknown_reversals(gateway, listed)) if news else 0


def _unknown_reversals(gateway: Gateway, listed: Sequence[Reversal]) -> dict[str, UUID]:
    """Top-ups by the reference of a refund or dispute of theirs that is not in our rows."""
    source = {"gateway_code": gateway.code, "mode": gateway.mode}
    refs = [one.reversal_ref for one in listed]
    known = {
        *Refund.objects.filter(**source, refund_ref__in=refs).values_list("refund_ref", flat=True),
        *Dispute.objects.filter(**source, dispute_ref__in=refs).values_list("dispute_ref", flat=True),
    }
    news = [one for one in listed if one.reversal_ref not in known]
    paid = PaymentAttempt.objects.filter(**source, payment_ref__in=[one.payment_ref for one in news])
    top_ups = dict(paid.values_list("payment_ref", "top_up_id"))
    return {one.reversal_ref: top_ups[one.payment_ref] for one in news if one.payment_ref in top_ups}


def start_run(
    gateway: Gateway, subject: ReconciliationSubject, listed_from: datetime, listed_until: datetime
) -> ReconciliationRun:
    return ReconciliationRun.objects.create(
        gateway_code=gateway.code,
        mode=gateway.mode,
        subject=subject,
        listed_from=listed_from,
        listed_until=listed_until,
    )


def fail_run(run: ReconciliationRun, answer: Refused | Unavailable) -> ReconciliationRun:
    logger.warning("reconciliation of %s at %s: no list: %s", run.subject, run.gateway_code, answer)
    run.error = answer.detail[:ERROR_LENGTH_MAX] or "no answer"
    run.finished_at = utc_now()
    run.save(update_fields=["error", "finished_at"])
    return run


def _compare_again(gateway: Gateway, found: Sequence[Comparison], our_orders: dict[str, UUID]) -> Sequence[Comparison]:
    """After settling every top-up that is concerned: only what settling cannot mend is a difference."""
    sides = [side for one in found for side in (one.theirs, one.ours) if side is not None]
    for top_up_id in sorted({our_orders[side.order_ref] for side in sides if side.order_ref in our_orders}):
        _settle(top_up_id)
    refs = [one.payment_ref for one in found]
    rows = PaymentAttempt.objects.filter(gateway_code=gateway.code, mode=gateway.mode, payment_ref__in=refs)
    theirs = [one.theirs for one in found if one.theirs is not None]
    return compare_payments(theirs, _our_payments(rows), our_orders.keys())


def _settle(top_up_id: UUID) -> None:
    """One that cannot be settled stays a difference and keeps no other from being looked at."""
    try:
        settle(top_up_id)
    except (PurchaseNotPosted, ReversalNotPosted):
        logger.exception("reconciliation could not settle a top-up")


def _difference(comparison: Comparison, our_orders: dict[str, UUID]) -> Difference:
    theirs, ours = comparison.theirs, comparison.ours
    side = theirs or ours
    assert side is not None
    order_ref = side.order_ref or ""
    return Difference(
        match=comparison.match,
        ref=comparison.payment_ref,
        order_ref=order_ref,
        top_up_id=our_orders.get(ours.order_ref if ours and ours.order_ref else order_ref),
        happened_at=side.created_at,
        differences=comparison.differences,
        currency=side.currency,
        their_amount_minor=theirs.amount_minor if theirs else None,
        their_status=theirs.status if theirs else "",
        our_amount_minor=ours.amount_minor if ours else None,
        our_status=ours.status if ours else "",
    )


def _ours(gateway: Gateway, created_from: datetime, created_until: datetime) -> list[OurPayment]:
    return _our_payments(
        PaymentAttempt.objects.filter(
            gateway_code=gateway.code, mode=gateway.mode, created_at__gte=created_from, created_at__lt=created_until
        )
    )


def _our_payments(rows: QuerySet[PaymentAttempt]) -> list[OurPayment]:
    return [
        OurPayment(
            payment_ref=row.payment_ref,
            order_ref=row.top_up.order_ref,
            status=PaymentStatus(row.status),
            amount_minor=row.amount_minor,
            currency=row.currency,
            created_at=row.created_at,
            refunded_minor=row.refunded_minor,
            refunding_minor=row.refunding_minor,
        )
        for row in rows.select_related("top_up").annotate(
            refunded_minor=_refunded(RefundState.PROCESSED), refunding_minor=_refunded(RefundState.PENDING)
        )
    ]


def _refunded(state: RefundState) -> Coalesce:
    return Coalesce(Sum("refunds__amount_minor", filter=Q(refunds__state=state)), 0)


def _top_ups_by_order(gateway: Gateway, sides: Iterable[Payment | OurPayment]) -> dict[str, UUID]:
    refs = {side.order_ref for side in sides if side.order_ref}
    rows = TopUp.objects.filter(gateway_code=gateway.code, mode=gateway.mode, order_ref__in=refs)
    return {order_ref: id for order_ref, id in rows.values_list("order_ref", "id") if order_ref is not None}
