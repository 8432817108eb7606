"""An organisation with auto top-up at a gateway that charges, and the workers' steps one at a time."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from khata.billing.core.auto_top_up import AutoTopUpState
from khata.billing.models import AutoTopUp, TopUp
from khata.billing.operations import settle_top_up
from khata.billing.operations.auto_charges import charge_top_up
from khata.billing.operations.auto_looks import top_up_automatically
from khata.billing.operations.auto_top_ups import (
    AutoTopUpTerms,
    start_auto_top_up,
)
from khata.billing.operations.deferral import (
    CHARGE_TOP_UP,
)
from khata.billing.queries import TopUpRow
from khata.billing.queries.auto_top_ups import AutoTopUpRow, auto_top_up, automatic_top_ups
from khata.kernel.ids import new_uuid
from khata.ledger import queries as ledger
from khata.payments import registry
from khata.payments.port import PaymentStatus
from khata.tenancy.models import Organisation
from tests.database.billing import jobs

from .charging_gateway import TOKEN, ChargingGateway

CREDIT = 1_000_000
TOTAL = 118_000
TERMS = AutoTopUpTerms(amount_minor=100_000, level_credits_micro=6_000 * CREDIT, cap_minor=2 * TOTAL)
"""₹1,000 buy 5,000 credits, so after the first payment they are low, after the second they are not."""


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChargingGateway]:
    staged = ChargingGateway()
    monkeypatch.setattr(registry, "_gateways", {})
    registry.register_gateway(staged)
    yield staged
    # What other tests' gateways know of this one's orders nobody can say.
    AutoTopUp.objects.update(state=AutoTopUpState.OFF.value, pause_reason="")
    staged.close()


def start(organisation: Organisation, terms: AutoTopUpTerms = TERMS, key: str = "") -> TopUpRow:
    return start_auto_top_up(
        organisation_id=organisation.id,
        terms=terms,
        gateway_code="razorpay",
        idempotency_key=key or str(new_uuid()),
        member_id=None,
    )


@pytest.fixture
def switched_on(gateway: ChargingGateway, organisation: Organisation) -> Organisation:
    """Its first payment has arrived and left a mandate; 5,000 credits, which is low."""
    first = start(organisation)
    gateway.stage(first.order_ref, PaymentStatus.CAPTURED, token_ref=TOKEN)
    settle_top_up(top_up_id=first.id)
    return organisation


def standing(organisation: Organisation) -> AutoTopUpRow:
    row = auto_top_up(organisation_id=organisation.id)
    assert row is not None
    return row


def automatic(organisation: Organisation) -> list[TopUpRow]:
    """Oldest first."""
    return automatic_top_ups(organisation_id=organisation.id)[::-1]


def look(organisation: Organisation) -> TopUpRow | None:
    """A worker's look and the job it leaves; the charge under way."""
    top_up_automatically()
    under_way = standing(organisation).under_way
    if under_way is not None and CHARGE_TOP_UP in jobs.waiting(under_way.id):
        charge_top_up(top_up_id=under_way.id)
    return under_way


def looked(organisation: Organisation) -> TopUpRow:
    found = look(organisation)
    assert found is not None
    return found


def available(organisation: Organisation) -> int:
    return ledger.balance(organisation_id=organisation.id).available // CREDIT


def let_time_pass(organisation: Organisation, span: timedelta) -> None:
    """For the next try and for the claim of a worker that died."""
    for row in AutoTopUp.objects.filter(organisation=organisation, next_try_at__isnull=False):
        AutoTopUp.objects.filter(id=row.id).update(next_try_at=row.next_try_at and row.next_try_at - span)
    for top_up in TopUp.objects.filter(organisation=organisation, charge_asked_at__isnull=False):
        asked_at = top_up.charge_asked_at
        TopUp.objects.filter(id=top_up.id).update(charge_asked_at=asked_at and asked_at - span)


def pay(organisation: Organisation, gateway: ChargingGateway) -> None:
    top_up = looked(organisation)
    gateway.confirm(gateway.charged[-1].order_ref)
    settle_top_up(top_up_id=top_up.id)
