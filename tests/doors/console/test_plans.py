"""Plan pages: side by side, what a choice costs and when it counts; coupons and bonuses in Add Credits."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from khata.billing import operations as billing
from khata.billing import queries
from khata.billing.core.offers import Coupon
from khata.billing.core.plans import Plan
from khata.billing.operations.offers import add_coupon
from khata.billing.operations.plans import retire_plan
from khata.kernel.clock import utc_now
from khata.ledger import queries as ledger
from khata.payments.port import PaymentStatus, Unavailable
from khata.pricing.core.bonus import BonusSlab
from khata.pricing.models import BonusSlab as BonusSlabModel
from khata.pricing.operations import add_bonus_slab
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import main_text, page_of, value_of
from tests.plans import MICRO, grown_older, offered

ADDRESS = "/billing/plan/"


@pytest.fixture
def plans() -> Iterator[tuple[Plan, Plan]]:
    """The only two there are; none when the test is over."""
    for plan in queries.plans_offered():
        retire_plan(code=plan.code)
    yield (
        offered("Starter", fee_minor=100_000, included=6_000, per_rupee=6),
        offered("Growth", fee_minor=500_000, included=35_000, per_rupee=8),
    )
    for plan in queries.plans_offered():
        retire_plan(code=plan.code)


def choose(code: str) -> str:
    return f"{ADDRESS}choose/{code}/"


def subscribed(organisation: Organisation, gateway: StagedGateway, plan: Plan) -> None:
    top_up = billing.subscribe(organisation_id=organisation.id, plan_code=plan.code, idempotency_key=uuid4().hex)
    assert top_up is not None
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    billing.settle_top_up(top_up_id=top_up.id)


def paid_until(organisation: Organisation) -> str:
    from zoneinfo import ZoneInfo

    standing = queries.plan_standing(organisation_id=organisation.id)
    assert standing is not None
    return f"{standing.paid_until.astimezone(ZoneInfo('Asia/Kolkata')):%d %b %Y}"


def test_without_plans_there_is_pay_as_you_go(client: Client) -> None:
    for plan in queries.plans_offered():
        retire_plan(code=plan.code)
    words = main_text(client.get(ADDRESS))
    assert "There are no plans here. You pay as you go: ₹1 buys 5 credits" in words
    assert "Choose a plan" not in main_text(client.get("/billing/"))


def test_plans_stand_side_by_side_with_what_they_bring(client: Client, plans: tuple[Plan, Plan]) -> None:
    answer = client.get(ADDRESS)
    columns = [column.get_text(" ", strip=True) for column in page_of(answer).select(".plans > li")]
    assert len(columns) == 2
    for words in ("Starter", "₹1,000", "6,000 credits", "₹1 buys 6 credits", "Help by e-mail", "Choose Starter"):
        assert words in columns[0]
    assert "takes effect when the month you have paid for ends; nothing is prorated" in main_text(answer)
    assert "Choose a plan" in main_text(client.get("/billing/"))


def test_choosing_says_what_it_costs_and_leads_to_the_gateway(
    client: Client, plans: tuple[Plan, Plan], organisation: Organisation, gateway: StagedGateway
) -> None:
    address = choose(plans[0].code)
    answer = client.get(address)
    words = main_text(answer)
    for figure in ("1,000.00", "CGST 9 %", "90.00", "₹1,180.00", "Your month starts when you pay"):
        assert figure in words
    token = value_of(answer, "token")
    first, second = (client.post(address, {"token": token}) for _ in range(2))
    (top_up,) = queries.top_ups(organisation_id=organisation.id).rows
    assert first["Location"] == second["Location"] == f"/billing/payments/{top_up.public_id}/checkout/"


def test_a_paid_plan_stands_on_billing_its_page_and_in_credit_history(
    client: Client, plans: tuple[Plan, Plan], organisation: Organisation, gateway: StagedGateway
) -> None:
    subscribed(organisation, gateway, plans[0])
    until = paid_until(organisation)
    overview = main_text(client.get("/billing/"))
    assert f"6,000 credits included each month; 6,000 left until {until}" in overview
    assert f"Paid until {until}" in overview
    assert "Change plan" in overview
    assert "Your plan" in main_text(client.get(ADDRESS))
    assert "Included credits · Starter" in main_text(client.get("/billing/credit-history/"))
    (top_up,) = queries.top_ups(organisation_id=organisation.id).rows
    payment = main_text(client.get(f"/billing/payments/{top_up.public_id}/"))
    assert "Your plan Starter is paid. Its 6,000 credits were added." in payment
    assert f"Starter, until {until}" in payment


def test_a_change_says_when_it_counts_and_charges_nothing(
    client: Client, plans: tuple[Plan, Plan], organisation: Organisation, gateway: StagedGateway
) -> None:
    subscribed(organisation, gateway, plans[0])
    until = paid_until(organisation)
    asked = main_text(client.get(choose(plans[1].code)))
    assert f"Growth starts on {until} , when what you have paid for ends; nothing is prorated" in asked
    assert "nothing is charged today" in asked
    done = client.post(choose(plans[1].code), follow=True)
    assert f"Growth starts on {until}, once you have paid for it." in main_text(done)
    assert f"From {until}" in main_text(done)
    assert len(queries.top_ups(organisation_id=organisation.id).rows) == 1
    kept = client.post(choose(plans[0].code), follow=True)
    assert "You keep Starter." in main_text(kept)


def test_a_cancellation_asks_first_and_runs_to_the_end(
    client: Client, plans: tuple[Plan, Plan], organisation: Organisation, gateway: StagedGateway
) -> None:
    subscribed(organisation, gateway, plans[0])
    until = paid_until(organisation)
    assert f"It runs until {until} , then you pay as you go." in main_text(client.get(f"{ADDRESS}cancel/"))
    done = main_text(client.post(f"{ADDRESS}cancel/", follow=True))
    assert f"Cancelled. Starter runs until {until}." in done
    assert "Keep Starter" in done
    assert f"Cancelled: ends on {until}." in main_text(client.get("/billing/"))


def test_without_a_plan_there_is_nothing_to_cancel(client: Client) -> None:
    assert client.get(f"{ADDRESS}cancel/")["Location"] == ADDRESS


def test_a_renewal_that_is_due_leads_to_its_payment(
    client: Client, plans: tuple[Plan, Plan], organisation: Organisation, gateway: StagedGateway
) -> None:
    subscribed(organisation, gateway, plans[0])
    grown_older(organisation, timedelta(days=29))
    billing.look_after_subscriptions()
    assert "The next month is not paid yet. Pay for it" in main_text(client.get(ADDRESS))
    standing = queries.plan_standing(organisation_id=organisation.id)
    assert standing is not None
    link = page_of(client.get("/billing/")).find("a", string="Pay for the next month")
    assert link is not None
    assert "Continue to payment" in main_text(client.get(str(link["href"])))


def test_a_plans_payment_that_failed_starts_again_as_a_plans_payment(
    client: Client, plans: tuple[Plan, Plan], organisation: Organisation, gateway: StagedGateway
) -> None:
    client.post(choose(plans[0].code), {"token": "one"})
    (top_up,) = queries.top_ups(organisation_id=organisation.id).rows
    gateway.stage(top_up.order_ref, PaymentStatus.FAILED)
    billing.settle_top_up(top_up_id=top_up.id)
    client.post(f"/billing/payments/{top_up.public_id}/again/")
    again = queries.top_ups(organisation_id=organisation.id).rows[0]
    assert (again.id != top_up.id, again.plan_name) == (True, "Starter")


def test_a_free_plan_starts_with_the_press_of_a_button(
    client: Client, plans: tuple[Plan, Plan], organisation: Organisation
) -> None:
    free = offered("Free", fee_minor=0, included=100, per_rupee=5)
    assert "It starts now" in main_text(client.get(choose(free.code)))
    assert "Free has started." in main_text(client.post(choose(free.code), {"token": "x"}, follow=True))
    assert ledger.balance(organisation_id=organisation.id).available == 100 * MICRO


def test_a_plan_needs_the_billing_details_first(
    chens_client: Client, plans: tuple[Plan, Plan], gateway: StagedGateway
) -> None:
    answer = chens_client.post(choose(plans[0].code), {"token": "x"})
    assert answer.status_code == 422
    assert page_of(answer).find("main a", string="Billing details") or "Billing details" in main_text(answer)
    assert gateway.orders == {}


def test_a_gateway_that_is_away_starts_no_plan_and_says_so(
    client: Client, plans: tuple[Plan, Plan], gateway: StagedGateway
) -> None:
    gateway.order_trouble = Unavailable("down")
    answer = client.post(choose(plans[0].code), {"token": "x"})
    assert answer.status_code == 422
    assert "You were not charged." in main_text(answer)


def test_an_unknown_plan_is_missing_and_a_retired_one_too(client: Client, plans: tuple[Plan, Plan]) -> None:
    retire_plan(code=plans[0].code)
    assert [client.get(choose(code)).status_code for code in ("no-such", plans[0].code)] == [404, 404]


def test_a_retired_plan_stays_with_who_has_it(
    client: Client, plans: tuple[Plan, Plan], organisation: Organisation, gateway: StagedGateway
) -> None:
    subscribed(organisation, gateway, plans[0])
    retire_plan(code=plans[0].code)
    columns = page_of(client.get(ADDRESS)).select(".plans > li")
    assert [column.h2.get_text() for column in columns if column.h2] == ["Starter", "Growth"]


def test_a_member_who_is_no_owner_is_told_whom_to_ask(world: World, plans: tuple[Plan, Plan]) -> None:
    bilal = Client(SERVER_NAME="localhost")
    bilal.force_login(world.bilal)
    answer = bilal.get(ADDRESS)
    assert "Ask an owner: Asha" in main_text(answer)
    assert page_of(answer).select(".plans a") == []
    assert bilal.post(choose(plans[0].code), {"token": "x"}).status_code == 403


@pytest.fixture
def slab() -> Iterator[None]:
    add_bonus_slab(BonusSlab(100_000, 500, 30))
    yield
    BonusSlabModel.objects.filter(valid_until=None).update(valid_until=utc_now())


def test_a_bonus_stands_beside_the_credits(client: Client, slab: None) -> None:
    words = main_text(client.get("/billing/add-credits/?amount=1000"))
    assert "= 5,000 credits + 250 bonus , about 5,250 SMS" in words
    assert "The bonus expires 30 days after you pay" in words
    assert b"bonus" not in client.get("/billing/add-credits/quote/?amount=999").content


def test_a_coupon_counts_in_the_quote_and_in_the_top_up(
    client: Client, organisation: Organisation, gateway: StagedGateway
) -> None:
    code = add_coupon(Coupon(f"C-{uuid4().hex[:8]}", 1_000, None, 0, None, None, None, True)).code
    assert "A coupon and a bonus do not add up: the better one counts." in main_text(
        client.get("/billing/add-credits/")
    )
    quote = client.get(f"/billing/add-credits/quote/?amount=1000&coupon={code}")
    assert "500 bonus" in quote.content.decode()
    client.post("/billing/add-credits/", {"amount": "1000", "token": uuid4().hex, "coupon": code})
    (top_up,) = queries.top_ups(organisation_id=organisation.id).rows
    assert top_up.bonus_micro == 500 * MICRO


def test_a_wrong_coupon_is_explained_beside_its_field(
    client: Client, organisation: Organisation, gateway: StagedGateway
) -> None:
    add_coupon(Coupon(f"C-{uuid4().hex[:8]}", 1_000, None, 0, None, None, None, True))
    answer = client.post("/billing/add-credits/", {"amount": "1000", "token": uuid4().hex, "coupon": "NOPE"})
    assert answer.status_code == 422
    error = page_of(answer).find(id="id_coupon-error")
    assert error is not None
    assert "There is no such coupon." in error.get_text()
    assert value_of(answer, "coupon") == "NOPE"
    assert queries.top_ups(organisation_id=organisation.id).rows == []
