"""Bonuses and coupons: frozen at the start, given once with the payment, and never to more than there are uses."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from khata.billing import operations as billing
from khata.billing import queries
from khata.billing.core.offers import Coupon
from khata.billing.models import CouponUse, TaxDocument, TopUp
from khata.billing.operations.offers import add_coupon, retire_coupon
from khata.billing.queries import TopUpRow, TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound
from khata.kernel.transactions import in_transaction
from khata.ledger import queries as ledger
from khata.ledger.core import Capture, Command, Kind, PlaceHold
from khata.ledger.operations import post_batch, verify_ledger
from khata.payments.port import PaymentStatus, Refused
from khata.payments.reversals import RefundStatus
from khata.pricing.core.bonus import BonusSlab
from khata.pricing.models import BonusSlab as BonusSlabModel
from khata.pricing.operations import add_bonus_slab, end_bonus_slabs
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.database.billing.staged_gateway import StagedGateway

MICRO = 1_000_000


@pytest.fixture
def slab() -> Iterator[BonusSlab]:
    """5 % more from ₹1,000 on, for 30 days."""
    made = BonusSlab(100_000, 500, 30)
    add_bonus_slab(made)
    yield made
    BonusSlabModel.objects.filter(valid_until=None).update(valid_until=utc_now())


def coupon(**changes: Any) -> Coupon:
    """10 % more, for anybody."""
    told = {"bonus_bp": 1_000, "bonus_micro": None, "minimum_minor": 0, "valid_until": None, "uses_max": None}
    return add_coupon(
        Coupon(code=f"C-{uuid4().hex[:12]}", expires_after_days=None, is_offered=True, **(told | changes))
    )


def begun(organisation: Organisation, code: str = "", amount_minor: int = 100_000) -> TopUpRow:
    return billing.start_top_up(
        organisation_id=organisation.id, amount_minor=amount_minor, idempotency_key=uuid4().hex, coupon_code=code
    )


def paid(gateway: StagedGateway, top_up: TopUpRow) -> TopUpRow:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    return billing.settle_top_up(top_up_id=top_up.id)


def refusal(organisation: Organisation, code: str, amount_minor: int = 100_000) -> str:
    with pytest.raises(InvalidRequest) as refused:
        begun(organisation, code, amount_minor)
    (problem,) = refused.value.errors
    assert problem["field"] == "coupon"
    return problem["code"]


def organisations(count: int) -> list[Organisation]:
    from khata.tenancy.models import Member
    from khata.tenancy.operations import BillingDetails, change_billing_details

    owner = Member.objects.create_user(email=f"{uuid4().hex}@example.com")
    made = [billing.open_organisation(name=f"Shop {number}", owner=owner) for number in range(count)]
    for organisation in made:
        details = BillingDetails(organisation.name, "", "29", "", "")
        change_billing_details(organisation_id=organisation.id, details=details)
    return made


def test_a_bonus_is_frozen_at_the_start_and_given_with_the_payment(
    organisation: Organisation, gateway: StagedGateway, slab: BonusSlab
) -> None:
    top_up = begun(organisation)
    assert (top_up.credits_micro, top_up.bonus_micro) == (5_000 * MICRO, 250 * MICRO)
    end_bonus_slabs(minimum_minor=slab.minimum_minor)
    before = utc_now()
    paid(gateway, top_up)
    balance = ledger.balance(organisation_id=organisation.id)
    assert (balance.purchased, balance.granted) == (5_000 * MICRO, 250 * MICRO)
    (lot,) = balance.expiring
    assert before + timedelta(days=30) <= lot.expires_at <= utc_now() + timedelta(days=30)
    assert TaxDocument.objects.get(top_up_id=top_up.id).description == (
        "5,000 prepaid credits for messages, with 250 bonus credits"
    )


def test_settling_again_gives_no_second_bonus(
    organisation: Organisation, gateway: StagedGateway, slab: BonusSlab
) -> None:
    top_up = paid(gateway, begun(organisation))
    billing.settle_top_up(top_up_id=top_up.id)
    assert ledger.balance(organisation_id=organisation.id).granted == 250 * MICRO


def test_below_a_slab_there_is_no_bonus(organisation: Organisation, gateway: StagedGateway, slab: BonusSlab) -> None:
    assert begun(organisation, amount_minor=99_900).bonus_micro == 0


def test_a_slab_that_is_not_in_force_cannot_be_ended() -> None:
    with pytest.raises(NotFound):
        end_bonus_slabs(minimum_minor=123_456_789)


@pytest.mark.parametrize("slab_made", [BonusSlab(0, 500, None), BonusSlab(1, 0, None), BonusSlab(1, 10_001, None)])
def test_a_slab_that_makes_no_sense_is_refused(slab_made: BonusSlab) -> None:
    with pytest.raises(InvalidRequest):
        add_bonus_slab(slab_made)


def test_a_coupon_is_used_once_it_is_paid(organisation: Organisation, gateway: StagedGateway) -> None:
    code = coupon().code
    top_up = begun(organisation, code.lower())
    assert top_up.bonus_micro == 500 * MICRO
    assert CouponUse.objects.get(top_up_id=top_up.id).used_at is None
    paid(gateway, top_up)
    assert CouponUse.objects.get(top_up_id=top_up.id).used_at is not None
    assert ledger.balance(organisation_id=organisation.id).granted == 500 * MICRO
    assert refusal(organisation, code) == "used_before"


def test_the_better_one_counts_and_a_coupon_that_is_not_needed_stays_unused(
    organisation: Organisation, gateway: StagedGateway, slab: BonusSlab
) -> None:
    code = coupon(bonus_bp=100).code
    top_up = begun(organisation, code)
    assert top_up.bonus_micro == 250 * MICRO
    assert not CouponUse.objects.filter(top_up_id=top_up.id).exists()


@pytest.mark.parametrize("ending", ["cancelled", "expired"])
def test_a_top_up_that_ends_unpaid_gives_its_coupon_back(
    organisation: Organisation, gateway: StagedGateway, ending: str
) -> None:
    code = coupon().code
    top_up = begun(organisation, code)
    assert refusal(organisation, code) == "used_before"
    if ending == "cancelled":
        billing.cancel_top_up(organisation_id=organisation.id, top_up_id=top_up.id)
    else:
        TopUp.objects.filter(id=top_up.id).update(expires_at=utc_now())
        assert billing.settle_top_up(top_up_id=top_up.id).state is TopUpState.EXPIRED
    assert begun(organisation, code).bonus_micro == 500 * MICRO


def test_a_payment_that_comes_late_gets_its_bonus_unless_the_coupon_was_used_meanwhile(
    organisation: Organisation, gateway: StagedGateway
) -> None:
    code = coupon().code
    first, second = begun(organisation, code), None
    billing.cancel_top_up(organisation_id=organisation.id, top_up_id=first.id)
    second = paid(gateway, begun(organisation, code))
    assert second.bonus_micro == 500 * MICRO
    late = paid(gateway, first)
    assert (late.state, late.is_paid_late, late.bonus_micro) == (TopUpState.PAID, True, 0)
    balance = ledger.balance(organisation_id=organisation.id)
    assert (balance.purchased, balance.granted) == (10_000 * MICRO, 500 * MICRO)


def test_a_late_payment_whose_coupon_is_still_free_gets_its_bonus(
    organisation: Organisation, gateway: StagedGateway
) -> None:
    top_up = begun(organisation, coupon().code)
    billing.cancel_top_up(organisation_id=organisation.id, top_up_id=top_up.id)
    assert paid(gateway, top_up).bonus_micro == 500 * MICRO
    assert ledger.balance(organisation_id=organisation.id).granted == 500 * MICRO


def test_the_last_use_goes_to_one_of_twenty(gateway: StagedGateway) -> None:
    code = coupon(uses_max=1).code
    customers = organisations(20)
    barrier = threading.Barrier(20)

    def start(organisation: Organisation) -> str:
        try:
            barrier.wait(timeout=60)
            return str(begun(organisation, code).bonus_micro // MICRO)
        except InvalidRequest as refused:
            return refused.errors[0]["code"]
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(start, customers))
    assert answers == ["500", *["used_up"] * 19]


def test_the_same_key_at_once_reserves_a_coupon_once(organisation: Organisation, gateway: StagedGateway) -> None:
    code, key = coupon().code, uuid4().hex
    barrier = threading.Barrier(8)

    def start(_: int) -> TopUpRow:
        try:
            barrier.wait(timeout=60)
            return billing.start_top_up(
                organisation_id=organisation.id, amount_minor=100_000, idempotency_key=key, coupon_code=code
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len({row.id for row in pool.map(start, range(8))}) == 1


def test_wrong_coupons_say_why(organisation: Organisation, gateway: StagedGateway, world: World) -> None:
    assert refusal(organisation, "NO-SUCH") == "unknown"
    assert refusal(organisation, coupon(minimum_minor=100_001).code) == "below_minimum"
    assert refusal(organisation, coupon(valid_until=utc_now()).code) == "over"
    retired = coupon().code
    retire_coupon(code=retired)
    assert refusal(organisation, retired) == "over"
    assert queries.top_ups(organisation_id=organisation.id).rows == []
    assert gateway.orders == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"bonus_micro": MICRO},
        {"bonus_bp": None},
        {"bonus_bp": 10_001},
        {"uses_max": 0},
        {"minimum_minor": -1},
        {"bonus_bp": None, "bonus_micro": 0},
    ],
    ids=str,
)
def test_a_coupon_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        coupon(**changes)


def test_a_code_is_given_out_once() -> None:
    made = coupon()
    with pytest.raises(InvalidRequest):
        add_coupon(made)
    with pytest.raises(NotFound):
        retire_coupon(code="NEVER-MADE")


def refunded(top_up: TopUpRow, amount_minor: int | None) -> queries.RefundRow:
    return billing.start_refund(
        top_up_id=top_up.id, amount_minor=amount_minor, idempotency_key=uuid4().hex, reason="", started_by="khata"
    )


def left(top_up: TopUpRow) -> tuple[int, int]:
    """Bought and given credits that are still there."""
    balance = ledger.balance(organisation_id=top_up.organisation_id)
    return balance.purchased // MICRO, balance.granted // MICRO


def test_a_refund_takes_the_bonus_back_in_proportion(
    organisation: Organisation, gateway: StagedGateway, slab: BonusSlab
) -> None:
    top_up = paid(gateway, begun(organisation))
    assert refunded(top_up, 47_200).bonus_micro == 100 * MICRO
    assert left(top_up) == (3_000, 150)
    refunded(top_up, None)
    assert left(top_up) == (0, 0)
    assert verify_ledger().is_sound


def test_what_was_spent_of_a_bonus_stays_spent(
    organisation: Organisation, gateway: StagedGateway, slab: BonusSlab
) -> None:
    top_up = paid(gateway, begun(organisation))
    with in_transaction() as psycopg_connection:
        hold = uuid4()
        used = 200 * MICRO
        spend: list[Command] = [PlaceHold(organisation.id, hold, used), Capture(organisation.id, hold, used)]
        post_batch(psycopg_connection, spend)
    assert left(top_up) == (5_000, 50)
    assert refunded(top_up, None).bonus_micro == 50 * MICRO
    assert left(top_up) == (0, 0)


def test_a_refund_the_gateway_refuses_gives_the_bonus_back(
    organisation: Organisation, gateway: StagedGateway, slab: BonusSlab
) -> None:
    top_up = paid(gateway, begun(organisation))
    gateway.refund_trouble = Refused("no", "")
    refunded(top_up, None)
    assert left(top_up) == (5_000, 250)
    assert verify_ledger().is_sound


def test_a_refund_made_at_the_gateway_takes_the_bonus_and_one_that_fails_later_gives_it_again(
    organisation: Organisation, gateway: StagedGateway, slab: BonusSlab
) -> None:
    top_up = paid(gateway, begun(organisation))
    assert top_up.credited_payment is not None
    refund = gateway.stage_refund(top_up.credited_payment.payment_ref, 59_000)
    billing.settle_top_up(top_up_id=top_up.id)
    assert left(top_up) == (2_500, 125)
    gateway.restage(refund, status=RefundStatus.FAILED)
    billing.settle_top_up(top_up_id=top_up.id)
    assert left(top_up) == (5_000, 250)
    assert verify_ledger().is_sound


def test_credit_history_knows_the_bonus_of_a_refund(
    organisation: Organisation, gateway: StagedGateway, slab: BonusSlab
) -> None:
    refund = refunded(paid(gateway, begun(organisation)), 47_200)
    entries = ledger.history(organisation_id=organisation.id).rows
    references = {entry.reference for entry in entries if entry.kind is Kind.HOLD}
    found = queries.reversals_by_reference(organisation_id=organisation.id, references=references)
    assert len(references) == 2
    assert {reversal.id for reversal in found.values()} == {refund.id}
    assert found.keys() == references
