"""Plans: paid for once, granted once, renewed, changed, cancelled and lapsed; bought credits stay what they are."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection

from khata.billing import operations as billing
from khata.billing import queries
from khata.billing.core.plans import Plan, months_later
from khata.billing.errors import NoPlan, PlanPaymentNotRefundable, PlanRunning
from khata.billing.models import PlanPeriod, Subscription, TaxDocument
from khata.billing.operations.deferral import SEND_PLAN_LAPSED_MAIL, SEND_RENEWAL_MAIL
from khata.billing.operations.plan_periods import free_period_reference
from khata.billing.queries import TopUpPurpose, TopUpRow, TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.ledger import queries as ledger
from khata.ledger.core import Grant, Kind
from khata.ledger.operations import post_batch
from khata.payments import registry
from khata.payments.port import PaymentStatus
from khata.payments.reversals import RefundStatus
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.database.billing import jobs
from tests.database.billing.staged_gateway import StagedGateway
from tests.plans import MICRO, grown_older, offered

IST = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def starter() -> Plan:
    """₹1,000 a month with 6,000 credits; ₹1 buys 6."""
    return offered("Starter", fee_minor=100_000, included=6_000, per_rupee=6)


@pytest.fixture
def growth() -> Plan:
    return offered("Growth", fee_minor=500_000, included=35_000, per_rupee=8)


@pytest.fixture
def free() -> Plan:
    return offered("Free", fee_minor=0, included=100, per_rupee=5)


def begun(organisation: Organisation, plan: Plan, key: str | None = None) -> TopUpRow:
    key = key or uuid4().hex
    top_up = billing.subscribe(organisation_id=organisation.id, plan_code=plan.code, idempotency_key=key)
    assert top_up is not None
    return top_up


def paid(gateway: StagedGateway, top_up: TopUpRow) -> TopUpRow:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    return billing.settle_top_up(top_up_id=top_up.id)


def subscription(organisation: Organisation) -> Subscription:
    return Subscription.objects.get(organisation=organisation)


def periods(organisation: Organisation) -> list[PlanPeriod]:
    return list(PlanPeriod.objects.filter(subscription__organisation=organisation).order_by("number"))


def grants(organisation: Organisation) -> list[int]:
    rows = ledger.history(organisation_id=organisation.id).rows
    return [entry.credits // MICRO for entry in rows if entry.kind is Kind.GRANT]


def renewal(organisation: Organisation) -> TopUpRow:
    """The top-up the renewal asks for, with its order: somebody has opened it."""
    renewal_id = subscription(organisation).renewal_id
    assert renewal_id is not None
    billing.begin_checkout(organisation_id=organisation.id, top_up_id=renewal_id)
    return queries.top_up(organisation_id=organisation.id, top_up_id=renewal_id)


def test_a_paid_plan_grants_its_credits_until_the_same_day_next_month(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    top_up = begun(organisation, starter)
    assert (top_up.purpose, top_up.amount_minor, top_up.total_minor) == (TopUpPurpose.PLAN, 100_000, 118_000)
    assert queries.plan_standing(organisation_id=organisation.id) is None
    assert paid(gateway, top_up).state is TopUpState.PAID
    standing = queries.plan_standing(organisation_id=organisation.id)
    assert standing is not None
    assert standing.plan == starter
    assert standing.paid_until == months_later(standing.period_starts_at, 1, IST)
    balance = ledger.balance(organisation_id=organisation.id)
    assert (balance.granted, balance.purchased) == (6_000 * MICRO, 0)
    assert [lot.expires_at for lot in balance.expiring] == [standing.paid_until]


def test_the_invoice_names_the_plan_and_its_month(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    top_up = paid(gateway, begun(organisation, starter))
    invoice = TaxDocument.objects.get(top_up_id=top_up.id)
    (period,) = periods(organisation)
    month = f"{period.starts_at.astimezone(IST):%d %b %Y} to {period.ends_at.astimezone(IST):%d %b %Y}"
    assert invoice.description == f"Plan Starter, {month}, with 6,000 credits included"
    assert (invoice.taxable_minor, invoice.total_minor) == (100_000, 118_000)


def test_twenty_settles_at_once_start_one_month_and_grant_once(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    top_up = begun(organisation, starter)
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    barrier = threading.Barrier(20)

    def settle(_: int) -> TopUpState:
        try:
            barrier.wait(timeout=60)
            return billing.settle_top_up(top_up_id=top_up.id).state
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(settle, range(20))) == {TopUpState.PAID}
    assert grants(organisation) == [6_000]
    assert [period.number for period in periods(organisation)] == [1]


def test_the_same_key_starts_one_payment(organisation: Organisation, gateway: StagedGateway, starter: Plan) -> None:
    assert begun(organisation, starter, "key-1").id == begun(organisation, starter, "key-1").id
    assert len(gateway.orders) == 1


def test_while_a_plan_runs_credits_cost_what_it_says_and_after_it_what_they_cost_before(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    def credits() -> int:
        return queries.quote(organisation_id=organisation.id, amount_minor=100_000).credits_micro // MICRO

    assert credits() == 5_000
    paid(gateway, begun(organisation, starter))
    assert credits() == 6_000
    top_up = billing.start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex)
    grown_older(organisation, timedelta(days=32))
    assert credits() == 5_000
    assert queries.top_up(organisation_id=organisation.id, top_up_id=top_up.id).credits_micro == 6_000 * MICRO


def test_a_plan_never_makes_credits_dearer(organisation: Organisation, gateway: StagedGateway) -> None:
    paid(gateway, begun(organisation, offered("Dear", fee_minor=100_000, included=1, per_rupee=1)))
    assert queries.credit_price(organisation_id=organisation.id).credits_micro_per_rupee == 5 * MICRO


def test_a_free_plan_starts_at_once_and_only_once(
    organisation: Organisation, gateway: StagedGateway, free: Plan
) -> None:
    started = billing.subscribe(organisation_id=organisation.id, plan_code=free.code, idempotency_key="x")
    assert started is None
    with pytest.raises(PlanRunning):
        billing.subscribe(organisation_id=organisation.id, plan_code=free.code, idempotency_key="y")
    billing.cancel_plan(organisation_id=organisation.id)
    with pytest.raises(PlanRunning):
        billing.subscribe(organisation_id=organisation.id, plan_code=free.code, idempotency_key="z")
    assert grants(organisation) == [100]
    assert gateway.orders == {}


def test_a_free_plan_goes_on_by_itself_without_a_gap(organisation: Organisation, free: Plan) -> None:
    billing.subscribe(organisation_id=organisation.id, plan_code=free.code, idempotency_key="x")
    grown_older(organisation, timedelta(days=32))
    billing.look_after_subscriptions()
    billing.look_after_subscriptions()
    first, second = periods(organisation)
    assert first.ends_at == second.starts_at
    assert grants(organisation) == [100, 100]


def test_a_free_plan_nobody_looked_after_for_months_starts_afresh(organisation: Organisation, free: Plan) -> None:
    billing.subscribe(organisation_id=organisation.id, plan_code=free.code, idempotency_key="x")
    grown_older(organisation, timedelta(days=200))
    before = utc_now()
    billing.look_after_subscriptions()
    _, second = periods(organisation)
    assert second.starts_at >= before


def test_a_month_the_ledger_does_not_take_keeps_no_other_from_its_turn(world: World, free: Plan) -> None:
    organisations = (world.organisation, world.chens_organisation)
    for organisation in organisations:
        billing.subscribe(organisation_id=organisation.id, plan_code=free.code, idempotency_key="x")
        grown_older(organisation, timedelta(days=32))
    with in_transaction() as connection:
        reference = free_period_reference(subscription(world.organisation), 2)
        post_batch(connection, [Grant(world.organisation.id, reference, 1)])
    billing.look_after_subscriptions()
    assert [len(periods(organisation)) for organisation in organisations] == [1, 2]
    Subscription.objects.filter(organisation=world.organisation).update(due_at=None)


def test_three_days_ahead_the_renewal_is_asked_for_once_by_mail(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    grown_older(organisation, timedelta(days=20))
    billing.look_after_subscriptions()
    assert subscription(organisation).renewal_id is None
    grown_older(organisation, timedelta(days=9))
    billing.look_after_subscriptions()
    billing.look_after_subscriptions()
    row = subscription(organisation)
    assert row.renewal_id is not None
    assert jobs.waiting(row.renewal_id) == [SEND_RENEWAL_MAIL]
    mail.outbox.clear()
    jobs.run(row.renewal_id)
    (message,) = mail.outbox
    assert "₹1,180.00 for the next month" in message.subject
    assert f"/billing/payments/{queries.top_up_for_anyone(top_up_id=row.renewal_id).public_id}/" in message.body
    assert "Nothing is charged by itself." in message.body


def test_a_renewal_paid_in_time_follows_without_a_gap(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    grown_older(organisation, timedelta(days=29))
    billing.look_after_subscriptions()
    paid(gateway, renewal(organisation))
    first, second = periods(organisation)
    assert (second.starts_at, second.number) == (first.ends_at, 2)
    standing = queries.plan_standing(organisation_id=organisation.id)
    assert standing is not None
    assert (standing.period_ends_at, standing.paid_until) == (first.ends_at, second.ends_at)
    grown_older(organisation, timedelta(days=5))
    billing.look_after_subscriptions()
    assert subscription(organisation).state == "active"


def test_a_renewal_can_be_paid_until_the_month_ends_even_when_its_checkout_was_left(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    grown_older(organisation, timedelta(days=29))
    billing.look_after_subscriptions()
    assert renewal(organisation).expires_at == subscription(organisation).paid_until


def test_what_is_not_paid_lapses_at_the_end_and_says_so(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    grown_older(organisation, timedelta(days=29))
    billing.look_after_subscriptions()
    grown_older(organisation, timedelta(days=3))
    billing.look_after_subscriptions()
    row = subscription(organisation)
    assert (row.state, row.due_at) == ("lapsed", None)
    assert queries.plan_standing(organisation_id=organisation.id) is None
    mail.outbox.clear()
    assert jobs.run(row.id) == [SEND_PLAN_LAPSED_MAIL]
    (message,) = mail.outbox
    assert "you pay as you go now" in message.subject


def test_a_renewal_paid_late_starts_a_fresh_month_from_then(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    grown_older(organisation, timedelta(days=29))
    billing.look_after_subscriptions()
    late = renewal(organisation)
    grown_older(organisation, timedelta(days=10))
    billing.look_after_subscriptions()
    before = utc_now()
    paid(gateway, late)
    first, second = periods(organisation)
    assert second.starts_at >= before > first.ends_at
    assert second.ends_at == months_later(second.starts_at, 1, IST)
    assert subscription(organisation).state == "active"


def test_a_change_waits_for_the_end_and_the_renewal_asks_for_the_new_plan(
    organisation: Organisation, gateway: StagedGateway, starter: Plan, growth: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    billing.choose_next_plan(organisation_id=organisation.id, plan_code=growth.code)
    standing = queries.plan_standing(organisation_id=organisation.id)
    assert standing is not None
    assert (standing.plan, standing.next_plan) == (starter, growth)
    grown_older(organisation, timedelta(days=29))
    billing.look_after_subscriptions()
    asked = renewal(organisation)
    assert (asked.plan_name, asked.amount_minor) == ("Growth", 500_000)
    paid(gateway, asked)
    assert [period.plan_id for period in periods(organisation)] == [starter.id, growth.id]
    assert subscription(organisation).next_plan_id is None


def test_a_change_takes_an_open_renewal_back(
    organisation: Organisation, gateway: StagedGateway, starter: Plan, growth: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    grown_older(organisation, timedelta(days=29))
    billing.look_after_subscriptions()
    first = renewal(organisation)
    billing.choose_next_plan(organisation_id=organisation.id, plan_code=growth.code)
    assert queries.top_up_for_anyone(top_up_id=first.id).state is TopUpState.CANCELLED
    billing.look_after_subscriptions()
    assert renewal(organisation).plan_name == "Growth"


def test_choosing_the_present_plan_takes_a_change_and_a_cancellation_back(
    organisation: Organisation, gateway: StagedGateway, starter: Plan, growth: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    billing.choose_next_plan(organisation_id=organisation.id, plan_code=growth.code)
    billing.cancel_plan(organisation_id=organisation.id)
    billing.choose_next_plan(organisation_id=organisation.id, plan_code=starter.code)
    standing = queries.plan_standing(organisation_id=organisation.id)
    assert standing is not None
    assert (standing.next_plan, standing.is_ending) == (None, False)


def test_a_cancelled_plan_runs_to_its_end_and_asks_for_nothing(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    paid(gateway, begun(organisation, starter))
    billing.cancel_plan(organisation_id=organisation.id)
    grown_older(organisation, timedelta(days=29))
    billing.look_after_subscriptions()
    row = subscription(organisation)
    assert (row.state, row.renewal_id) == ("active", None)
    grown_older(organisation, timedelta(days=3))
    billing.look_after_subscriptions()
    row = subscription(organisation)
    assert (row.state, row.due_at, jobs.waiting(row.id)) == ("cancelled", None, [])


def test_nothing_can_be_changed_without_a_plan(organisation: Organisation, starter: Plan) -> None:
    with pytest.raises(NoPlan):
        billing.cancel_plan(organisation_id=organisation.id)
    with pytest.raises(NoPlan):
        billing.choose_next_plan(organisation_id=organisation.id, plan_code=starter.code)


@pytest.mark.parametrize("ending", ["change", "cancel", "lapse"])
def test_bought_credits_are_never_touched(
    organisation: Organisation,
    gateway: StagedGateway,
    starter: Plan,
    free: Plan,
    give_credits: Callable[[int, int], None],
    ending: str,
) -> None:
    give_credits(organisation.id, 777)
    paid(gateway, begun(organisation, starter))
    if ending == "change":
        billing.choose_next_plan(organisation_id=organisation.id, plan_code=free.code)
    if ending == "cancel":
        billing.cancel_plan(organisation_id=organisation.id)
    grown_older(organisation, timedelta(days=32))
    billing.look_after_subscriptions()
    balance = ledger.balance(organisation_id=organisation.id)
    assert balance.purchased == 777 * MICRO
    assert balance.granted == (6_100 * MICRO if ending == "change" else 6_000 * MICRO)
    assert len(balance.expiring) == len(periods(organisation))


def test_a_plans_payment_is_not_refunded(organisation: Organisation, gateway: StagedGateway, starter: Plan) -> None:
    top_up = paid(gateway, begun(organisation, starter))
    with pytest.raises(PlanPaymentNotRefundable):
        billing.start_refund(top_up_id=top_up.id, amount_minor=None, idempotency_key="r", reason="", started_by="khata")
    assert queries.refundable_minor(organisation_id=organisation.id, top_up_id=top_up.id) == 0


def test_a_plans_payment_refunded_at_the_gateway_takes_its_included_credits_first(
    organisation: Organisation, gateway: StagedGateway, starter: Plan, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(organisation.id, 777)
    top_up = paid(gateway, begun(organisation, starter))
    assert top_up.credited_payment is not None
    gateway.stage_refund(top_up.credited_payment.payment_ref, 118_000, status=RefundStatus.PROCESSED)
    assert billing.settle_top_up(top_up_id=top_up.id).state is TopUpState.REFUNDED
    balance = ledger.balance(organisation_id=organisation.id)
    assert (balance.granted, balance.purchased) == (0, 777 * MICRO)


def test_a_payment_that_failed_can_be_made_again_and_an_old_one_not_while_the_plan_runs(
    organisation: Organisation, gateway: StagedGateway, starter: Plan, asha: object
) -> None:
    failed = begun(organisation, starter)
    gateway.stage(failed.order_ref, PaymentStatus.FAILED)
    assert billing.settle_top_up(top_up_id=failed.id).state is TopUpState.FAILED
    member_id = asha.id  # type: ignore[attr-defined]
    again = billing.pay_plan_again(
        organisation_id=organisation.id, top_up_id=failed.id, idempotency_key="again", member_id=member_id
    )
    assert (again.plan_name, again.total_minor) == ("Starter", 118_000)
    paid(gateway, again)
    with pytest.raises(PlanRunning):
        billing.pay_plan_again(
            organisation_id=organisation.id, top_up_id=failed.id, idempotency_key="more", member_id=member_id
        )


def test_the_mail_says_until_when_the_plan_runs(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    top_up = paid(gateway, begun(organisation, starter))
    mail.outbox.clear()
    jobs.run(top_up.id)
    (message,) = mail.outbox
    assert message.subject == "Payment Successful: plan Starter (₹1,180.00)"
    (period,) = periods(organisation)
    ends: datetime = period.ends_at.astimezone(IST)
    assert f"Your plan Starter runs until {ends.day} {ends:%B %Y}." in message.body
    assert "6,000 included credits were added. What is left of them then expires." in message.body


def test_a_renewal_that_cannot_be_asked_for_keeps_nobody_else_waiting(
    organisation: Organisation,
    gateway: StagedGateway,
    starter: Plan,
    free: Plan,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paid(gateway, begun(organisation, starter))
    grown_older(organisation, timedelta(days=29))
    billing.subscribe(organisation_id=world.chens_organisation.id, plan_code=free.code, idempotency_key="x")
    grown_older(world.chens_organisation, timedelta(days=32))
    monkeypatch.setattr(registry, "_gateways", {})
    billing.look_after_subscriptions()
    assert subscription(organisation).renewal_id is None
    assert len(periods(world.chens_organisation)) == 2


def test_a_second_payment_for_the_same_plan_brings_the_month_after(
    organisation: Organisation, gateway: StagedGateway, starter: Plan
) -> None:
    first, second = begun(organisation, starter), begun(organisation, starter)
    paid(gateway, first)
    paid(gateway, second)
    one, two = periods(organisation)
    assert (two.starts_at, two.number) == (one.ends_at, 2)
    assert [lot.expires_at for lot in ledger.balance(organisation_id=organisation.id).expiring] == [
        one.ends_at,
        two.ends_at,
    ]


def test_one_organisations_plan_is_nobody_elses(
    organisation: Organisation, gateway: StagedGateway, starter: Plan, world: World
) -> None:
    top_up = paid(gateway, begun(organisation, starter))
    chens = world.chens_organisation.id
    assert queries.plan_standing(organisation_id=chens) is None
    assert queries.credit_price(organisation_id=chens).credits_micro_per_rupee == 5 * MICRO
    reference = periods(organisation)[0].reference
    assert queries.periods_by_reference(organisation_id=chens, references=[reference]) == {}
    assert queries.periods_by_reference(organisation_id=organisation.id, references=[reference])[
        reference
    ].top_up_id == (top_up.id)
