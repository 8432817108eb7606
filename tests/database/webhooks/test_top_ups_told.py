"""What becomes of a top-up is told in the commit that decides it, once."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from khata.api.top_ups import TopUp as ApiTopUp
from khata.billing import queries
from khata.billing.models import TopUp
from khata.billing.operations import settle_top_up, start_refund
from khata.billing.queries import TopUpRow
from khata.billing.top_up_object import top_up_object
from khata.kernel.clock import utc_now
from khata.payments.port import PaymentStatus
from khata.webhooks.models import RecordedEvent
from tests.database.billing.staged_gateway import StagedGateway
from tests.database.webhooks.courier import endpoint_at

URL = "https://hooks.example.com/khata"


@pytest.fixture(autouse=True)
def _endpoint(top_up: TopUpRow) -> None:
    endpoint_at(URL, top_up.organisation_id)


def told(top_up: TopUpRow) -> list[dict[str, Any]]:
    events = RecordedEvent.objects.filter(organisation_id=top_up.organisation_id).order_by("id")
    return [json.loads(event.body) for event in events]


def test_a_paid_top_up_is_told_once_with_its_invoice_as_the_api_shows_it(
    top_up: TopUpRow, gateway: StagedGateway
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    for _ in range(3):
        settle_top_up(top_up_id=top_up.id)
    (event,) = told(top_up)
    assert event["type"] == "top_up.paid"
    assert event["data"] == top_up_object(queries.top_up_for_anyone(top_up_id=top_up.id))
    assert event["data"]["invoice_id"].startswith("inv_")
    shown = msgspec.convert(event["data"], ApiTopUp, strict=True)
    assert msgspec.to_builtins(shown) == event["data"]


def test_a_refund_that_is_processed_is_told(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    start_refund(top_up_id=top_up.id, amount_minor=11_800, idempotency_key=uuid4().hex, reason="", started_by="khata")
    for _ in range(2):
        settle_top_up(top_up_id=top_up.id)
    _, event = told(top_up)
    assert event["type"] == "top_up.refunded"
    assert [refund["amount"] for refund in event["data"]["refunds"]] == ["118.00"]


def test_a_top_up_that_failed_is_told_once_and_a_late_success_after_it(
    top_up: TopUpRow, gateway: StagedGateway
) -> None:
    TopUp.objects.filter(id=top_up.id).update(expires_at=utc_now() - timedelta(minutes=1))
    gateway.stage(top_up.order_ref, PaymentStatus.FAILED)
    for _ in range(3):
        settle_top_up(top_up_id=top_up.id)
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    assert [event["type"] for event in told(top_up)] == ["top_up.failed", "top_up.paid"]
