"""Starting a top-up: what is frozen, what is refused, and what a second click does."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from khata.billing import queries
from khata.billing.models import TopUp
from khata.billing.operations import (
    BillingDetailsMissing,
    GatewayRefused,
    GatewayUnavailable,
    IdempotencyKeyReused,
    NoGatewayConfigured,
    TopUpClosed,
    begin_checkout,
    cancel_top_up,
    start_top_up,
)
from khata.billing.queries import TaxLine, TopUpRow, TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound
from khata.kernel.transactions import NetworkInsideTransaction, in_transaction
from khata.ledger import queries as ledger
from khata.payments import registry
from khata.payments.port import AutoPostForm, Order, OrderRequest, PaymentStatus, Refused, Unavailable, Unknown
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.database.billing.staged_gateway import StagedGateway


def start(organisation: Organisation, amount_minor: int = 100_000, key: str | None = None, **more: Any) -> TopUpRow:
    return start_top_up(
        organisation_id=organisation.id, amount_minor=amount_minor, idempotency_key=key or uuid.uuid4().hex, **more
    )


def checkout(top_up: TopUpRow, organisation_id: int | None = None) -> AutoPostForm:
    begun = begin_checkout(organisation_id=organisation_id or top_up.organisation_id, top_up_id=top_up.id)
    assert isinstance(begun, AutoPostForm)
    return begun


def set_details(organisation: Organisation, **details: str) -> None:
    Organisation.objects.filter(id=organisation.id).update(**details)


def test_a_thousand_rupees_buy_five_thousand_credits_and_cost_1180(top_up: TopUpRow, gateway: StagedGateway) -> None:
    assert (top_up.state, top_up.amount_minor, top_up.total_minor) == (TopUpState.CREATED, 100_000, 118_000)
    assert top_up.tax_lines == (TaxLine("CGST 9 %", 9_000), TaxLine("SGST 9 %", 9_000))
    assert top_up.credits_micro == 5_000_000_000
    assert top_up.order_ref is not None
    assert gateway.orders[top_up.order_ref].receipt == top_up.public_id
    assert top_up.public_id.startswith("top_")


def test_a_customer_of_another_state_pays_igst(gateway: StagedGateway, organisation: Organisation) -> None:
    set_details(organisation, state_code="27", gstin="")
    assert start(organisation).tax_lines == (TaxLine("IGST 18 %", 18_000),)


def test_the_quote_is_what_the_top_up_will_cost(organisation: Organisation, gateway: StagedGateway) -> None:
    quote = queries.quote(organisation_id=organisation.id, amount_minor=123_457)
    top_up = start(organisation, 123_457)
    assert (quote.tax_lines, quote.tax_minor, quote.total_minor, quote.credits_micro) == (
        top_up.tax_lines,
        top_up.tax_minor,
        top_up.total_minor,
        top_up.credits_micro,
    )


def test_without_a_state_the_quote_has_a_total_but_no_lines(organisation: Organisation) -> None:
    set_details(organisation, state_code="")
    quote = queries.quote(organisation_id=organisation.id, amount_minor=100_000)
    assert (quote.tax_lines, quote.total_minor) == ((), 118_000)


@pytest.mark.parametrize("field", ["state_code", "legal_name"])
def test_without_billing_details_nothing_is_started(
    organisation: Organisation, gateway: StagedGateway, field: str
) -> None:
    set_details(organisation, **{field: ""})
    with pytest.raises(BillingDetailsMissing) as refused:
        start(organisation)
    assert refused.value.extra == {"missing": [field]}
    assert not TopUp.objects.filter(organisation_id=organisation.id).exists()


def test_from_fifty_thousand_rupees_an_unregistered_customer_needs_an_address(
    organisation: Organisation, gateway: StagedGateway
) -> None:
    set_details(organisation, gstin="", address="")
    start(organisation, 49_999_99)
    with pytest.raises(BillingDetailsMissing):
        start(organisation, 50_000_00)
    set_details(organisation, address="12 Residency Road")
    assert start(organisation, 50_000_00).state is TopUpState.CREATED


@pytest.mark.parametrize(
    ("amount_minor", "code"),
    [(0, "below_minimum"), (-100_000, "below_minimum"), (9_999, "below_minimum"), (500_000_01, "above_maximum")],
)
def test_an_amount_out_of_range_is_refused(
    organisation: Organisation, gateway: StagedGateway, amount_minor: int, code: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        start(organisation, amount_minor)
    assert [(problem["field"], problem["code"]) for problem in refused.value.errors] == [("amount", code)]
    assert gateway.orders == {}


@pytest.mark.parametrize("amount_minor", [10_000, 500_000_00])
def test_the_smallest_and_the_largest_amount_are_taken(
    organisation: Organisation, gateway: StagedGateway, amount_minor: int
) -> None:
    assert start(organisation, amount_minor).amount_minor == amount_minor


@pytest.mark.parametrize("key", ["", "x" * 256, "a\0b", "a\nb"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(
    organisation: Organisation, gateway: StagedGateway, key: str
) -> None:
    with pytest.raises(InvalidRequest):
        start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=key)


def test_a_currency_nobody_takes_is_refused(organisation: Organisation, gateway: StagedGateway) -> None:
    with pytest.raises(InvalidRequest) as refused:
        start(organisation, currency="USD")
    assert refused.value.errors[0]["field"] == "currency"


def test_the_same_key_gives_the_same_top_up_and_one_order(organisation: Organisation, gateway: StagedGateway) -> None:
    assert start(organisation, key="one") == start(organisation, key="one")
    assert len(gateway.orders) == 1


def test_the_same_key_for_another_amount_is_refused(organisation: Organisation, gateway: StagedGateway) -> None:
    start(organisation, key="one")
    with pytest.raises(IdempotencyKeyReused):
        start(organisation, 200_000, key="one")
    assert TopUp.objects.filter(organisation_id=organisation.id).count() == 1


def test_another_organisations_equal_key_is_independent(world: World, gateway: StagedGateway) -> None:
    set_details(world.chens_organisation, state_code="29", legal_name="Other Ltd")
    ours, theirs = start(world.organisation, key="one"), start(world.chens_organisation, key="one")
    assert ours.id != theirs.id


def test_ten_starts_at_once_with_one_key_are_one_top_up(organisation: Organisation, gateway: StagedGateway) -> None:
    def begin(_: int) -> uuid.UUID:
        try:
            return start(organisation, key="one").id
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        ids = set(pool.map(begin, range(10)))
    assert len(ids) == 1
    bound = TopUp.objects.get(organisation_id=organisation.id)
    assert bound.order_ref in gateway.orders


def test_of_two_orders_made_at_once_the_first_one_stays(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, first = gateway.create_order, []

    def overtaken(request: OrderRequest) -> Order:
        monkeypatch.setattr(gateway, "create_order", make)
        first.append(start(organisation, key="one").order_ref)
        return Order("order_Second00000001", request.amount_minor, request.currency, request.receipt)

    monkeypatch.setattr(gateway, "create_order", overtaken)
    assert [start(organisation, key="one").order_ref] == first


def test_a_gateway_out_of_reach_starts_nothing_and_the_key_may_be_used_again(
    organisation: Organisation, gateway: StagedGateway
) -> None:
    gateway.order_trouble = Unavailable("down")
    with pytest.raises(GatewayUnavailable):
        start(organisation, key="one")
    gateway.order_trouble = None
    assert start(organisation, key="one").order_ref is not None


def test_a_refused_order_is_told_without_the_gateways_words(organisation: Organisation, gateway: StagedGateway) -> None:
    gateway.order_trouble = Refused("http_401", "key secret wrong")
    with pytest.raises(GatewayRefused) as refused:
        start(organisation)
    assert "secret" not in str(refused.value)


def test_a_lost_answer_leaves_the_top_up_pending_and_checkout_asks_again(
    organisation: Organisation, gateway: StagedGateway
) -> None:
    gateway.order_trouble = Unknown("timeout")
    top_up = start(organisation)
    assert (top_up.state, top_up.order_ref) == (TopUpState.PENDING, None)
    with pytest.raises(GatewayUnavailable):
        checkout(top_up)
    gateway.order_trouble = None
    assert checkout(top_up).fields["order_id"] in gateway.orders


def test_without_any_gateway_nothing_is_started(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_gateways", {})
    for code in (None, "razorpay"):
        with pytest.raises(NoGatewayConfigured):
            start(organisation, gateway_code=code)


def test_a_gateway_nobody_has_configured_is_refused_by_name(organisation: Organisation, gateway: StagedGateway) -> None:
    with pytest.raises(InvalidRequest) as refused:
        start(organisation, gateway_code="paypal")
    assert [(p["field"], p["code"]) for p in refused.value.extra["errors"]] == [("gateway", "unknown")]
    assert gateway.orders == {}


def test_a_key_used_at_one_gateway_is_not_taken_at_another(
    organisation: Organisation, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(organisation, key="mine")
    monkeypatch.setattr(registry, "_gateways", {"other": registry.default_gateway(), **registry._gateways})
    assert start(organisation, key="mine").id == first.id
    assert start(organisation, key="mine", gateway_code="razorpay").id == first.id
    with pytest.raises(IdempotencyKeyReused):
        start(organisation, key="mine", gateway_code="other")


def test_the_network_is_refused_while_a_transaction_is_open(organisation: Organisation, gateway: StagedGateway) -> None:
    with pytest.raises(NetworkInsideTransaction), in_transaction():
        start(organisation)
    assert gateway.orders == {}


def test_checkout_sends_the_payer_off_and_makes_the_top_up_pending(top_up: TopUpRow, asha: Any) -> None:
    fields = checkout(top_up).fields
    assert (fields["amount"], fields["currency"], fields["order_id"]) == ("118000", "INR", top_up.order_ref)
    assert (fields["prefill[name]"], fields["prefill[email]"]) == ("ACME Private Limited", asha.email)
    now = queries.top_up(organisation_id=top_up.organisation_id, top_up_id=top_up.id)
    assert now.state is TopUpState.PENDING
    assert now.expires_at >= top_up.expires_at


def test_a_top_up_that_has_ended_cannot_be_paid(top_up: TopUpRow, gateway: StagedGateway) -> None:
    cancel_top_up(organisation_id=top_up.organisation_id, top_up_id=top_up.id)
    with pytest.raises(TopUpClosed):
        checkout(top_up)


def test_a_top_up_past_its_time_cannot_be_paid(top_up: TopUpRow) -> None:
    TopUp.objects.filter(id=top_up.id).update(expires_at=utc_now())
    with pytest.raises(TopUpClosed):
        checkout(top_up)


def test_an_idle_top_up_is_cancelled(top_up: TopUpRow) -> None:
    cancelled = cancel_top_up(organisation_id=top_up.organisation_id, top_up_id=top_up.id)
    assert cancelled.state is TopUpState.CANCELLED


def test_a_payment_on_its_way_keeps_the_top_up_from_being_cancelled(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CREATED)
    kept = cancel_top_up(organisation_id=top_up.organisation_id, top_up_id=top_up.id)
    assert kept.state is TopUpState.PENDING


def test_a_payment_already_made_is_credited_instead_of_cancelled(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    paid = cancel_top_up(organisation_id=top_up.organisation_id, top_up_id=top_up.id)
    assert paid.state is TopUpState.PAID
    assert ledger.balance(organisation_id=top_up.organisation_id).available == 5_000_000_000


def test_without_the_gateways_answer_nothing_is_cancelled(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.trouble = Unavailable("down")
    kept = cancel_top_up(organisation_id=top_up.organisation_id, top_up_id=top_up.id)
    assert kept.state is TopUpState.CREATED


def test_another_organisations_top_up_does_not_exist(world: World, top_up: TopUpRow) -> None:
    chens_id = world.chens_organisation.id
    with pytest.raises(NotFound):
        queries.top_up(organisation_id=chens_id, top_up_id=top_up.id)
    with pytest.raises(NotFound):
        checkout(top_up, organisation_id=chens_id)
    with pytest.raises(NotFound):
        cancel_top_up(organisation_id=chens_id, top_up_id=top_up.id)
    assert queries.top_ups(organisation_id=chens_id).rows == []
    assert queries.open_top_ups(organisation_id=chens_id) == []


def test_top_ups_are_listed_newest_first_by_pages(organisation: Organisation, gateway: StagedGateway) -> None:
    made = [start(organisation).id for _ in range(5)][::-1]
    first = queries.top_ups(organisation_id=organisation.id, limit=2)
    assert [row.id for row in first.rows] == made[:2]
    assert first.next_cursor is not None
    rest = queries.top_ups(organisation_id=organisation.id, limit=3, before_id=uuid.UUID(first.next_cursor))
    assert [row.id for row in rest.rows] == made[2:]
    assert rest.next_cursor is None


def test_top_ups_are_chosen_by_state(top_up: TopUpRow, organisation: Organisation) -> None:
    other = start(organisation)
    cancel_top_up(organisation_id=organisation.id, top_up_id=other.id)
    cancelled = queries.top_ups(organisation_id=organisation.id, states=[TopUpState.CANCELLED])
    assert [row.id for row in cancelled.rows] == [other.id]
    assert [row.id for row in queries.open_top_ups(organisation_id=organisation.id)] == [top_up.id]
