"""Auto top-up set up, changed and stopped by its owner."""

from dataclasses import replace

import pytest

from khata.billing.core.auto_top_up import AutoTopUpState
from khata.billing.errors import AutoTopUpIsOff, AutoTopUpIsOn
from khata.billing.models import TopUp
from khata.billing.operations import settle_top_up
from khata.billing.operations.auto_charges import charge_top_up
from khata.billing.operations.auto_looks import top_up_automatically
from khata.billing.operations.auto_top_ups import (
    AutoTopUpTerms,
    change_auto_top_up,
    resume_auto_top_up,
    stop_auto_top_up,
)
from khata.billing.operations.deferral import (
    FORGET_MANDATE,
)
from khata.billing.operations.mandates import NO_MANDATE, MandateNotForgotten, forget_mandate
from khata.billing.queries import TopUpState
from khata.kernel.errors import InvalidRequest
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import Order, OrderRequest, PaymentStatus, Refused, Unavailable, Unknown
from khata.payments.saved_methods import MandateRequest, SavedMethod
from khata.tenancy.models import Organisation
from tests.database.billing import jobs

from .auto_top_up_world import (
    TERMS,
    TOTAL,
    automatic,
    available,
    gateway,
    looked,
    standing,
    start,
    switched_on,
)

__all__ = ["gateway", "switched_on"]
from .charging_gateway import CUSTOMER, TOKEN, ChargingGateway


def test_the_first_payment_asks_for_a_mandate_and_switches_on(
    gateway: ChargingGateway, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[MandateRequest | None] = []
    create = gateway.create_order

    def note_and_create(request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
        asked.append(request.mandate)
        return create(request)

    monkeypatch.setattr(gateway, "create_order", note_and_create)
    first = start(organisation)
    assert asked == [MandateRequest(CUSTOMER, 2 * TOTAL)]
    assert standing(organisation).state is AutoTopUpState.PENDING_MANDATE
    gateway.stage(first.order_ref, PaymentStatus.CAPTURED, token_ref=TOKEN)
    assert settle_top_up(top_up_id=first.id).state is TopUpState.PAID
    row = standing(organisation)
    assert (row.state, row.method_detail, row.taken_minor) == (AutoTopUpState.ON, "asha@okbank", 0)
    assert (available(organisation), automatic(organisation)) == (5_000, [])


def test_a_second_click_makes_no_second_payment(gateway: ChargingGateway, organisation: Organisation) -> None:
    assert start(organisation, key="once").id == start(organisation, key="once").id
    assert len(gateway.customers) == 1


def test_a_first_payment_without_a_mandate_leaves_it_off_and_says_so(
    gateway: ChargingGateway, organisation: Organisation
) -> None:
    first = start(organisation)
    gateway.stage(first.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=first.id)
    row = standing(organisation)
    assert (row.state, row.problem, available(organisation)) == (AutoTopUpState.OFF, NO_MANDATE, 5_000)


def test_an_ordinary_top_up_keeps_no_mandate(switched_on: Organisation, gateway: ChargingGateway) -> None:
    stop_auto_top_up(organisation_id=switched_on.id)
    first = start(switched_on)
    second = start(switched_on)
    gateway.stage(first.order_ref, PaymentStatus.CAPTURED, token_ref="token_of_the_first")
    settle_top_up(top_up_id=first.id)
    assert standing(switched_on).state is AutoTopUpState.PENDING_MANDATE, "it waits for the one begun last"
    assert standing(switched_on).first_top_up_id == second.id


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (replace(TERMS, cap_minor=TOTAL - 1), "cap"),
        (replace(TERMS, amount_minor=1_300_000, cap_minor=9_000_000), "amount"),
        (replace(TERMS, amount_minor=1), "amount"),
        (replace(TERMS, level_credits_micro=-1), "level"),
    ],
)
def test_terms_that_cannot_work_are_refused(
    gateway: ChargingGateway, organisation: Organisation, terms: AutoTopUpTerms, field: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        start(organisation, terms)
    assert [problem["field"] for problem in refusal.value.errors] == [field]
    assert not TopUp.objects.filter(organisation=organisation).exists()


def test_a_stop_before_the_charge_cancels_it_and_ends_the_mandate(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    top_up_automatically()
    (top_up,) = automatic(switched_on)
    stop_auto_top_up(organisation_id=switched_on.id)
    charge_top_up(top_up_id=top_up.id)
    assert [t.state for t in automatic(switched_on)] == [TopUpState.CANCELLED]
    row = standing(switched_on)
    assert (gateway.charged, row.state) == ([], AutoTopUpState.OFF)
    assert jobs.waiting(row.id) == [FORGET_MANDATE]
    forget_mandate(auto_top_up_id=row.id)
    forget_mandate(auto_top_up_id=row.id)
    assert gateway.forgotten == [SavedMethod(CUSTOMER, TOKEN)]


def test_a_payment_under_way_when_it_was_stopped_is_still_credited(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    top_up = looked(switched_on)
    stop_auto_top_up(organisation_id=switched_on.id)
    gateway.confirm(gateway.charged[0].order_ref)
    settle_top_up(top_up_id=top_up.id)
    assert available(switched_on) == 10_000


def test_a_mandate_the_gateway_has_not_ended_is_asked_about_again(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    stop_auto_top_up(organisation_id=switched_on.id)
    gateway.forget_trouble = Unavailable("away")
    row = standing(switched_on)
    with pytest.raises(MandateNotForgotten):
        forget_mandate(auto_top_up_id=row.id)
    with pytest.raises(GatewayUnavailable):
        start(switched_on)
    gateway.forget_trouble = None
    start(switched_on)
    assert gateway.forgotten == [SavedMethod(CUSTOMER, TOKEN)]


def test_it_is_not_set_up_twice_and_not_changed_while_off(switched_on: Organisation, gateway: ChargingGateway) -> None:
    with pytest.raises(AutoTopUpIsOn):
        start(switched_on)
    stop_auto_top_up(organisation_id=switched_on.id)
    stop_auto_top_up(organisation_id=switched_on.id)
    with pytest.raises(AutoTopUpIsOff):
        change_auto_top_up(organisation_id=switched_on.id, terms=TERMS)
    with pytest.raises(AutoTopUpIsOff):
        resume_auto_top_up(organisation_id=switched_on.id)


def test_more_than_the_bank_allows_at_once_needs_a_new_mandate(
    switched_on: Organisation, gateway: ChargingGateway
) -> None:
    with pytest.raises(InvalidRequest):
        change_auto_top_up(organisation_id=switched_on.id, terms=AutoTopUpTerms(300_000, 0, 9_000_000))
