"""What the gateway lists and we have ends the same, or is found, once, until it is put right or looked at."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from khata.billing import jobs, queries
from khata.billing.core.reconciliation import Match
from khata.billing.figures import last_reconciled_at, open_findings_by_match
from khata.billing.models import (
    FindingState,
    PaymentAttempt,
    ReconciliationFinding,
    ReconciliationRun,
    Refund,
    SettledLine,
    TopUp,
)
from khata.billing.operations import settle_top_up, start_top_up
from khata.billing.operations.reconciliation import LATE, RECENT, reconcile_payments
from khata.billing.operations.reconciliation_findings import note_finding
from khata.billing.operations.reconciliation_settlements import day_of, reconcile_settlements
from khata.billing.operations.reversal_credits import gateway_reference, purchase_of
from khata.billing.queries import TopUpRow, TopUpState
from khata.billing.queries.reconciliation import settled_fee_minor, settlements
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.ledger import queries as ledger
from khata.ledger.core import Reverse
from khata.ledger.figures import last_proof_run
from khata.ledger.operations import post_batch
from khata.payments.port import Payment, PaymentStatus, SettledItem, Unavailable
from khata.payments.reversals import DisputeStatus
from khata.tenancy.models import Organisation
from tests.database.billing.listing_gateway import ListingGateway
from tests.listings import gateway, top_up

__all__ = ["gateway", "top_up"]


def reconcile() -> ReconciliationRun:
    (run,) = reconcile_payments(span=RECENT)
    return run


def counts(run: ReconciliationRun) -> tuple[int, int, int, int]:
    """Listed, matched, repaired, found."""
    return run.listed_count, run.matched_count, run.repaired_count, run.found_count


def findings(gateway: ListingGateway) -> list[tuple[str, str, str]]:
    rows = ReconciliationFinding.objects.filter(gateway_code=gateway.code).order_by("id")
    return [(row.match, row.ref, row.state) for row in rows]


def pay(gateway: ListingGateway, top_up: TopUpRow) -> Payment:
    """Paid and credited."""
    payment = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    return payment


def test_a_payment_nobody_told_us_of_is_credited_by_reconciliation(
    gateway: ListingGateway, top_up: TopUpRow, organisation: Organisation
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    assert counts(reconcile()) == (1, 0, 1, 0)
    assert queries.top_up(organisation_id=organisation.id, top_up_id=top_up.id).state is TopUpState.PAID
    assert ledger.balance(organisation_id=organisation.id).available == top_up.credits_micro
    assert counts(reconcile()) == (1, 1, 0, 0)
    assert ledger.balance(organisation_id=organisation.id).available == top_up.credits_micro
    assert findings(gateway) == []


def test_a_refund_nobody_told_us_of_is_found_however_old_its_payment(
    gateway: ListingGateway, top_up: TopUpRow, organisation: Organisation
) -> None:
    long_ago = utc_now() - timedelta(days=90)
    payment = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED, created_at=long_ago)
    settle_top_up(top_up_id=top_up.id)
    gateway.stage_refund(payment.payment_ref, payment.amount_minor)
    assert counts(reconcile()) == (0, 0, 1, 0)
    assert queries.top_up(organisation_id=organisation.id, top_up_id=top_up.id).state is TopUpState.REFUNDED
    assert ledger.balance(organisation_id=organisation.id).available == 0
    assert counts(reconcile()) == (0, 0, 0, 0)


def test_a_lost_dispute_nobody_told_us_of_is_found(
    gateway: ListingGateway, top_up: TopUpRow, organisation: Organisation
) -> None:
    payment = pay(gateway, top_up)
    gateway.stage_dispute(payment.payment_ref, payment.amount_minor, DisputeStatus.LOST)
    gateway.stage_dispute("pay_foreign", payment.amount_minor, DisputeStatus.LOST)
    assert counts(reconcile()) == (1, 1, 1, 0)
    assert queries.top_up(organisation_id=organisation.id, top_up_id=top_up.id).state is TopUpState.REVERSED
    assert ledger.balance(organisation_id=organisation.id).available == 0


def test_a_refund_the_ledger_does_not_take_keeps_no_other_from_being_found(
    gateway: ListingGateway, top_up: TopUpRow, organisation: Organisation
) -> None:
    other = start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex)
    long_ago = utc_now() - timedelta(days=90)
    refunds = []
    for each in (top_up, other):
        payment = gateway.stage(each.order_ref, PaymentStatus.CAPTURED, created_at=long_ago)
        settle_top_up(top_up_id=each.id)
        refunds.append(gateway.stage_refund(payment.payment_ref, payment.amount_minor))
    taken = gateway_reference("refund", gateway_code=gateway.code, mode="test", ref=refunds[0].refund_ref)
    with in_transaction() as connection:
        paid = PaymentAttempt.objects.get(payment_ref=refunds[0].payment_ref)
        post_batch(connection, [Reverse(organisation.id, taken, 1, purchase_of(paid))])
    assert counts(reconcile()) == (0, 0, 1, 0)
    states = [queries.top_up_for_anyone(top_up_id=each.id).state for each in (top_up, other)]
    assert states == [TopUpState.PAID, TopUpState.REFUNDED]


def test_a_dispute_of_a_payment_under_review_is_asked_about_until_it_is_decided(
    gateway: ListingGateway, top_up: TopUpRow
) -> None:
    payment = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED, amount_minor=100)
    gateway.stage_dispute(payment.payment_ref, 100, DisputeStatus.OPEN)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.REVIEW
    assert TopUp.objects.get(id=top_up.id).check_due_at is not None
    gateway.stage_dispute(payment.payment_ref, 100, DisputeStatus.LOST)
    settled = settle_top_up(top_up_id=top_up.id)
    assert [dispute.status for dispute in settled.disputes] == [DisputeStatus.LOST]
    assert TopUp.objects.get(id=top_up.id).check_due_at is None


def test_another_applications_payment_is_kept_as_an_orphan_once(gateway: ListingGateway, top_up: TopUpRow) -> None:
    payment = pay(gateway, top_up)
    gateway.foreign = [
        replace(payment, payment_ref="pay_foreign", order_ref="order_foreign"),
        replace(payment, payment_ref="pay_failed", order_ref=None, status=PaymentStatus.FAILED),
    ]
    assert [counts(reconcile()), counts(reconcile())] == [(3, 1, 0, 1)] * 2
    assert findings(gateway) == [(Match.ORPHAN, "pay_foreign", FindingState.OPEN)]


def test_a_credited_payment_the_gateway_does_not_list_is_found_and_closes_when_it_does(
    gateway: ListingGateway, top_up: TopUpRow
) -> None:
    payment = pay(gateway, top_up)
    gateway.unlisted = {payment.payment_ref}
    assert counts(reconcile()) == (0, 0, 0, 1)
    assert findings(gateway) == [(Match.MISSING_THERE, payment.payment_ref, FindingState.OPEN)]
    gateway.unlisted = set()
    reconcile()
    assert findings(gateway) == [(Match.MISSING_THERE, payment.payment_ref, FindingState.REPAIRED)]
    gateway.unlisted = {payment.payment_ref}
    reconcile()
    assert findings(gateway) == [(Match.MISSING_THERE, payment.payment_ref, FindingState.OPEN)]


def test_a_payment_the_gateway_calls_failed_after_we_credited_it_differs(
    gateway: ListingGateway, top_up: TopUpRow
) -> None:
    payment = pay(gateway, top_up)
    gateway.stage(
        top_up.order_ref, PaymentStatus.FAILED, payment_ref=payment.payment_ref, created_at=payment.created_at
    )
    assert counts(reconcile()) == (1, 0, 0, 1)
    (finding,) = ReconciliationFinding.objects.filter(gateway_code=gateway.code)
    assert (finding.match, finding.differences) == (Match.DIFFERS, ["status"])
    assert (finding.their_status, finding.our_status) == ("failed", "captured")
    assert finding.top_up_id == top_up.id


def test_a_second_captured_payment_of_an_order_becomes_a_surplus_and_no_difference(
    gateway: ListingGateway, top_up: TopUpRow, organisation: Organisation
) -> None:
    pay(gateway, top_up)
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    assert counts(reconcile()) == (2, 1, 1, 0)
    payments = queries.top_up(organisation_id=organisation.id, top_up_id=top_up.id).payments
    assert sorted((payment.is_credited, payment.is_surplus) for payment in payments) == [(False, True), (True, False)]


def test_what_a_person_looked_at_stays_closed_until_its_figures_change(
    gateway: ListingGateway, top_up: TopUpRow
) -> None:
    payment = pay(gateway, top_up)
    gateway.foreign = [replace(payment, payment_ref="pay_x", order_ref=None)]
    reconcile()
    finding = ReconciliationFinding.objects.get(gateway_code=gateway.code)
    note_finding(finding.id, "Our shop's.")
    note_finding(finding.id, "Our shop's own.")
    reconcile()
    finding.refresh_from_db()
    assert (finding.state, finding.note) == (FindingState.NOTED, "Our shop's own.")
    gateway.foreign = [replace(payment, payment_ref="pay_x", order_ref=None, amount_minor=1)]
    reconcile()
    finding.refresh_from_db()
    assert (finding.state, finding.their_amount_minor, finding.closed_at) == (FindingState.OPEN, 1, None)


def test_only_the_asked_time_is_compared(gateway: ListingGateway, top_up: TopUpRow) -> None:
    long_ago = utc_now() - RECENT - timedelta(minutes=1)
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED, created_at=long_ago)
    settle_top_up(top_up_id=top_up.id)
    assert counts(reconcile()) == (0, 0, 0, 0)


def test_a_gateway_without_an_answer_leaves_a_run_that_says_so_and_every_finding(
    gateway: ListingGateway, top_up: TopUpRow
) -> None:
    payment = pay(gateway, top_up)
    gateway.unlisted = {payment.payment_ref}
    reconcile()
    gateway.list_trouble = Unavailable("connection refused")
    run = reconcile()
    assert (run.error, run.found_count) == ("connection refused", 0)
    assert run.finished_at is not None
    assert findings(gateway) == [(Match.MISSING_THERE, payment.payment_ref, FindingState.OPEN)]


def test_an_order_that_cannot_be_read_is_found_and_mended_by_a_later_run(
    gateway: ListingGateway, top_up: TopUpRow
) -> None:
    payment = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    gateway.trouble = Unavailable("timeout")
    assert counts(reconcile()) == (1, 0, 0, 1)
    gateway.trouble = None
    assert counts(reconcile()) == (1, 0, 1, 0)
    assert findings(gateway) == [(Match.MISSING_HERE, payment.payment_ref, FindingState.REPAIRED)]


def test_the_figures_tell_open_findings_and_the_last_answer(gateway: ListingGateway, top_up: TopUpRow) -> None:
    before = open_findings_by_match().get(Match.ORPHAN, 0)
    payment = pay(gateway, top_up)
    gateway.foreign = [replace(payment, payment_ref=f"pay_{uuid4().hex[:12]}", order_ref=None)]
    run = reconcile()
    assert open_findings_by_match()[Match.ORPHAN] == before + 1
    assert last_reconciled_at() == run.finished_at
    note_finding(ReconciliationFinding.objects.get(gateway_code=gateway.code).id, "Known.")
    assert open_findings_by_match().get(Match.ORPHAN, 0) == before


def test_an_operators_wish_compares_everything_and_proves_the_ledger(
    gateway: ListingGateway, top_up: TopUpRow, organisation: Organisation
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED, created_at=utc_now() - timedelta(days=4))
    jobs.reconcile_now(subject_id=str(uuid4()))
    assert queries.top_up(organisation_id=organisation.id, top_up_id=top_up.id).state is TopUpState.PAID
    runs = ReconciliationRun.objects.filter(gateway_code=gateway.code)
    assert sorted(runs.values_list("subject", flat=True)) == ["payments", *["settlements"] * 3]
    began_at = utc_now()
    jobs.prove_ledger(subject_id=str(uuid4()))
    last = last_proof_run()
    assert last is not None
    assert last.proved_at >= began_at


def test_the_scheduled_runs_look_back_hours_and_days(gateway: ListingGateway, top_up: TopUpRow) -> None:
    jobs.reconcile_recent_payments(timestamp=0)
    jobs.reconcile_late_payments(timestamp=0)
    runs = ReconciliationRun.objects.filter(gateway_code=gateway.code, subject="payments").order_by("started_at")
    assert [run.listed_until - run.listed_from for run in runs] == [RECENT, LATE]


def test_a_settled_refund_is_held_against_ours(gateway: ListingGateway, top_up: TopUpRow) -> None:
    payment = pay(gateway, top_up)
    attempt = PaymentAttempt.objects.get(payment_ref=payment.payment_ref)
    refund_ref = f"rfnd_{uuid4().hex[:14]}"
    Refund.objects.create(
        top_up_id=top_up.id, attempt=attempt, origin="asked", state="processed", amount_minor=11_800, tax_minor=1_800,
        credits_micro=0, gateway_code=gateway.code, mode="test", refund_ref=refund_ref, started_by="khata",
        reference=uuid4(), ended_at=utc_now(),
    )  # fmt: skip
    at = utc_now() - timedelta(days=1)
    lines = [SettledItem("refund", ref, None, 11_800, 0, 0, "setl_2", at) for ref in (refund_ref, "rfnd_foreign")]
    settled_on(gateway, at, *lines)
    reconcile_settlements()
    assert findings(gateway) == [(Match.ORPHAN, "rfnd_foreign", FindingState.OPEN)]


def settled_on(gateway: ListingGateway, at: datetime, *items: SettledItem) -> None:
    day = day_of(at)
    gateway.settled[day.year, day.month, day.day] = items


def test_settled_lines_are_kept_once_with_their_fees_and_held_against_ours(
    gateway: ListingGateway, top_up: TopUpRow
) -> None:
    payment = pay(gateway, top_up)
    at = utc_now() - timedelta(days=1)
    ref = f"setl_{uuid4().hex[:10]}"
    own = SettledItem("payment", payment.payment_ref, top_up.order_ref, 118_000, 2_785, 425, ref, at)
    settled_on(
        gateway,
        at,
        own,
        SettledItem("payment", "pay_foreign", None, 50_000, 1_180, 180, ref, at),
        SettledItem("adjustment", "adj_1", None, 700, 0, 0, ref, at),
    )
    for _ in range(2):
        runs = reconcile_settlements()
        assert [counts(run) for run in runs] == [(0, 0, 0, 0), (0, 0, 0, 0), (3, 2, 0, 1)]
    assert findings(gateway) == [(Match.ORPHAN, "pay_foreign", FindingState.OPEN)]
    assert SettledLine.objects.filter(gateway_code=gateway.code).count() == 3
    assert settled_fee_minor(top_up_id=top_up.id) == 2_785
    (payout,) = [row for row in settlements() if row.settlement_ref == ref]
    assert (payout.payments_minor, payout.refunds_minor, payout.adjustments_minor) == (168_000, 0, 700)
    assert (payout.fees_minor, payout.lines_count) == (3_965, 3)


def test_a_settled_amount_that_is_not_ours_differs(gateway: ListingGateway, top_up: TopUpRow) -> None:
    payment = pay(gateway, top_up)
    at = utc_now() - timedelta(days=2)
    settled_on(gateway, at, SettledItem("payment", payment.payment_ref, None, 117_999, 0, 0, "setl_1", at))
    reconcile_settlements()
    (finding,) = ReconciliationFinding.objects.filter(gateway_code=gateway.code)
    assert (finding.match, finding.differences, finding.top_up_id) == (Match.DIFFERS, ["amount"], top_up.id)
    assert (finding.their_amount_minor, finding.our_amount_minor) == (117_999, 118_000)
