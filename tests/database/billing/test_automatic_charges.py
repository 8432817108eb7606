"""Charging by itself: once however many workers look, whatever the gateway answers and whenever we die."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction

from khata.billing.core.auto_top_up import AutoTopUpState, PauseReason
from khata.billing.models import AutoTopUp, TaxDocument, TopUp
from khata.billing.operations import auto_looks, settle_top_up, start_refund
from khata.billing.operations.auto_charges import CLAIM_TIME, charge_top_up
from khata.billing.operations.auto_looks import top_up_automatically
from khata.billing.operations.auto_top_up_mails import send_auto_top_up_mail, send_charge_notice
from khata.billing.operations.auto_top_ups import (
    AutoTopUpTerms,
    change_auto_top_up,
    resume_auto_top_up,
)
from khata.billing.operations.deferral import (
    SEND_AUTO_TOP_UP_MAIL,
    SEND_CHARGE_NOTICE,
)
from khata.billing.queries import TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import Refused, Unavailable, Unknown
from khata.payments.reversals import DisputeStatus
from khata.payments.saved_methods import SavedMethod
from khata.tenancy.models import Organisation
from tests.database.billing import jobs

from .auto_top_up_world import (
    CREDIT,
    TERMS,
    TOTAL,
    automatic,
    available,
    gateway,
    let_time_pass,
    look,
    looked,
    pay,
    standing,
    switched_on,
)

__all__ = ["gateway", "switched_on"]
from .charging_gateway import CUSTOMER, TOKEN, ChargingGateway


def test_low_credits_are_charged_for_once_and_credited_when_the_bank_has_paid(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    under_way = looked(switched_on)
    assert looked(switched_on).id == under_way.id
    (asked,) = gateway.charged
    assert (asked.receipt, asked.amount_minor, asked.saved) == (
        under_way.public_id,
        TOTAL,
        SavedMethod(CUSTOMER, TOKEN),
    )
    assert (available(switched_on), standing(switched_on).taken_minor) == (5_000, TOTAL)
    gateway.confirm(asked.order_ref)
    assert settle_top_up(top_up_id=under_way.id).state is TopUpState.PAID
    assert available(switched_on) == 10_000
    assert TaxDocument.objects.filter(top_up_id=under_way.id).count() == 1
    assert look(switched_on) is None
    assert len(automatic(switched_on)) == 1


def test_the_owner_is_told_before_the_debit_how_much_by_when_and_how_to_stop(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    top_up_automatically()
    under_way = standing(switched_on).under_way
    assert under_way is not None
    assert SEND_CHARGE_NOTICE in jobs.waiting(under_way.id)
    mail.outbox.clear()
    send_charge_notice(top_up_id=under_way.id)
    (sent,) = mail.outbox
    day = (under_way.created_at + timedelta(hours=36, minutes=330)).strftime("%d %B %Y").lstrip("0")
    assert sent.subject == f"Auto top-up: ₹1,180.00 will be charged by {day}"
    assert "/billing/auto-top-up/" in sent.body


def test_two_workers_at_once_begin_one_charge(switched_on: Organisation, gateway: ChargingGateway) -> None:
    def work(_: int) -> None:
        try:
            top_up_automatically()
            for top_up in automatic(switched_on):
                charge_top_up(top_up_id=top_up.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    assert len(automatic(switched_on)) == 1
    assert len(gateway.charged) == 1


def test_two_workers_with_the_same_job_ask_the_gateway_once(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    both_have_looked = Barrier(2)

    def wait_for_the_other() -> None:
        with suppress(BrokenBarrierError):
            both_have_looked.wait(timeout=1)

    gateway.before_charge = wait_for_the_other
    top_up_automatically()
    (top_up,) = automatic(switched_on)

    def charge(_: int) -> None:
        try:
            charge_top_up(top_up_id=top_up.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(charge, range(2)))
    assert len(gateway.charged) == 1


def test_the_database_itself_refuses_a_second_one_under_way(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    top_up = TopUp.objects.get(id=looked(switched_on).id)
    top_up.id, top_up.idempotency_key, top_up.order_ref, top_up.order_state = new_uuid(), "other", None, "none"
    with pytest.raises(IntegrityError, match="top_up_automatic_once"), transaction.atomic():
        top_up.save(force_insert=True)


def test_a_crash_after_the_charge_leads_to_no_second_one(switched_on: Organisation, gateway: ChargingGateway) -> None:
    def die() -> None:
        raise SystemExit("killed")

    gateway.after_charge = die
    top_up_automatically()
    (top_up,) = automatic(switched_on)
    with pytest.raises(SystemExit):
        charge_top_up(top_up_id=top_up.id)
    gateway.after_charge = lambda: None
    let_time_pass(switched_on, CLAIM_TIME)
    look(switched_on)
    gateway.confirm(gateway.charged[0].order_ref)
    settle_top_up(top_up_id=top_up.id)
    assert (len(gateway.charged), available(switched_on)) == (1, 10_000)


def test_a_charge_whose_answer_is_lost_is_under_way_until_it_is_settled_once(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    gateway.is_charge_answer_lost, gateway.trouble = True, Unavailable("away")
    top_up = looked(switched_on)
    let_time_pass(switched_on, CLAIM_TIME)
    look(switched_on)
    assert [t.state for t in automatic(switched_on)] == [TopUpState.CREATED]
    gateway.trouble = None
    gateway.confirm(gateway.charged[0].order_ref)
    for _ in range(3):
        settle_top_up(top_up_id=top_up.id)
    assert (len(gateway.charged), available(switched_on)) == (1, 10_000)


@pytest.mark.parametrize("trouble", [Unavailable("away"), Unknown("lost")])
def test_without_an_answer_the_same_top_up_is_charged_later(
    switched_on: Organisation, gateway: ChargingGateway, trouble: Unavailable | Unknown
) -> None:
    gateway.charge_trouble = trouble
    top_up = looked(switched_on)
    gateway.charge_trouble = None
    look(switched_on)
    assert gateway.charged == [], "another worker may be asking just now"
    let_time_pass(switched_on, CLAIM_TIME)
    assert looked(switched_on).id == top_up.id
    assert [request.receipt for request in gateway.charged] == [top_up.public_id]


def test_three_payments_that_do_not_succeed_pause_it_with_a_mail_each(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    mail.outbox.clear()
    for hours in (6, 24, 0):
        top_up = looked(switched_on)
        gateway.decline(top_up.order_ref or gateway.charged[-1].order_ref)
        settle_top_up(top_up_id=top_up.id)
        assert look(switched_on) is None
        row = standing(switched_on)
        assert SEND_AUTO_TOP_UP_MAIL in jobs.waiting(row.id)
        send_auto_top_up_mail(auto_top_up_id=row.id)
        if hours:
            let_time_pass(switched_on, timedelta(hours=hours) - timedelta(minutes=1))
            assert look(switched_on) is None
            let_time_pass(switched_on, timedelta(minutes=1))
    assert (row.state, row.pause_reason, row.problem) == (
        AutoTopUpState.PAUSED,
        PauseReason.DECLINED,
        "Declined.",
    )
    assert len(gateway.charged) == 3
    assert available(switched_on) == 5_000
    declined = "Auto top-up: a payment of ₹1,180.00 did not succeed"
    assert [sent.subject for sent in mail.outbox] == [declined, declined, "Auto top-up is paused"]


def test_a_refused_charge_counts_as_a_failure_and_took_nothing(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    gateway.charge_trouble = Refused("bad_token", "The token is not confirmed")
    looked(switched_on)
    assert look(switched_on) is None
    row = standing(switched_on)
    assert (row.failures_count, row.problem, row.taken_minor) == (1, "The token is not confirmed", 0)
    assert [top_up.state for top_up in automatic(switched_on)] == [TopUpState.CANCELLED]


def test_the_cap_stops_the_third_until_it_is_raised(switched_on: Organisation, gateway: ChargingGateway) -> None:
    change_auto_top_up(organisation_id=switched_on.id, terms=replace(TERMS, level_credits_micro=1_000_000 * CREDIT))
    pay(switched_on, gateway)
    pay(switched_on, gateway)
    assert look(switched_on) is None
    row = standing(switched_on)
    assert (row.pause_reason, row.taken_minor) == (PauseReason.CAP_REACHED, 2 * TOTAL)
    change_auto_top_up(
        organisation_id=switched_on.id,
        terms=AutoTopUpTerms(100_000, 1_000_000 * CREDIT, 3 * TOTAL),
    )
    assert look(switched_on) is None, "this look sees that there is room"
    pay(switched_on, gateway)
    assert look(switched_on) is None
    assert (len(gateway.charged), standing(switched_on).taken_minor) == (3, 3 * TOTAL)


def test_a_cap_that_is_reached_is_told_once(switched_on: Organisation, gateway: ChargingGateway) -> None:
    change_auto_top_up(organisation_id=switched_on.id, terms=AutoTopUpTerms(100_000, 1_000_000 * CREDIT, TOTAL))
    pay(switched_on, gateway)
    for _ in range(3):
        look(switched_on)
    assert jobs.waiting(standing(switched_on).id) == [SEND_AUTO_TOP_UP_MAIL]


def test_a_refund_pauses_until_the_owner_goes_on(switched_on: Organisation, gateway: ChargingGateway) -> None:
    pay(switched_on, gateway)
    (top_up,) = automatic(switched_on)
    refund = start_refund(
        top_up_id=top_up.id, amount_minor=None, idempotency_key="back", reason="asked for", started_by="test"
    )
    jobs.run(refund.id)
    assert look(switched_on) is None
    assert standing(switched_on).pause_reason is PauseReason.TAKEN_BACK
    resume_auto_top_up(organisation_id=switched_on.id)
    assert look(switched_on) is not None


def test_a_dispute_of_the_first_payment_pauses(switched_on: Organisation, gateway: ChargingGateway) -> None:
    first = AutoTopUp.objects.get(organisation=switched_on).first_top_up
    assert first is not None
    (payment,) = gateway.payments[first.order_ref or ""].values()
    gateway.stage_dispute(payment.payment_ref, TOTAL, DisputeStatus.OPEN)
    settle_top_up(top_up_id=first.id)
    assert look(switched_on) is None
    assert standing(switched_on).pause_reason is PauseReason.TAKEN_BACK


def test_while_the_ledger_is_not_sound_nobody_is_charged(
    switched_on: Organisation, gateway: ChargingGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    top_up_automatically()
    (top_up,) = automatic(switched_on)
    unsound = SimpleNamespace(is_sound=False, proved_at=utc_now())
    with monkeypatch.context() as patch:
        patch.setattr("khata.billing.queries.auto_top_ups.last_proof_run", lambda: unsound)
        assert top_up_automatically() == 0
        charge_top_up(top_up_id=top_up.id)
        assert standing(switched_on).is_halted
    assert gateway.charged == []
    charge_top_up(top_up_id=top_up.id)
    assert len(gateway.charged) == 1


def test_where_the_charge_cannot_be_marked_nothing_is_charged(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    top_up_automatically()
    (top_up,) = automatic(switched_on)
    with pytest.raises(Exception, match="read-only"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set transaction read only")
        charge_top_up(top_up_id=top_up.id)
    assert gateway.charged == []


def test_a_frozen_wallet_is_not_topped_up(switched_on: Organisation, gateway: ChargingGateway) -> None:
    from khata.ledger.operations import freeze_wallet

    freeze_wallet(switched_on.id)
    assert look(switched_on) is None
    assert automatic(switched_on) == []


def test_a_mandate_of_the_other_mode_is_not_charged(switched_on: Organisation, gateway: ChargingGateway) -> None:
    AutoTopUp.objects.filter(organisation=switched_on).update(mode="live")
    assert look(switched_on) is None
    assert automatic(switched_on) == []


def test_one_that_cannot_be_looked_at_keeps_no_other_from_its_turn(
    switched_on: Organisation, gateway: ChargingGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = auto_looks._decide

    def stumble(row: AutoTopUp) -> bool:
        if row.organisation_id == switched_on.id:
            return decide(row)
        raise GatewayUnavailable

    monkeypatch.setattr(auto_looks, "_decide", stumble)
    assert look(switched_on) is not None
