"""Differences with the gateway, long work, proofs, and the audit trail itself."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from khata.billing.models import OperatorAction, ReconciliationFinding
from khata.billing.operations.deferral import PROVE_LEDGER, RECONCILE_NOW
from khata.billing.operations.reconciliation import RECENT, reconcile_payments
from khata.billing.queries import TopUpRow
from khata.ledger import queries as ledger
from khata.ledger.operations import prove_if_due
from khata.payments.port import PaymentStatus, Unavailable
from tests.conftest import World
from tests.database.billing.listing_gateway import ListingGateway
from tests.doors.console.reading import main_text, page_of


@pytest.fixture
def orphan(gateway: ListingGateway, top_up: TopUpRow) -> ReconciliationFinding:
    """A difference nobody can settle."""
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    gateway.trouble = Unavailable("timeout")
    reconcile_payments(span=RECENT)
    return ReconciliationFinding.objects.get(gateway_code=gateway.code)


def test_repair_settles_and_closes_what_matches_then(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, orphan: ReconciliationFinding, world: World
) -> None:
    assert orphan.ref in main_text(operator.get("/operator/reconciliation/"))
    address = reverse("operator_repair", args=[orphan.id])
    assert "still there" in main_text(operator.post(address, follow=True))
    gateway.trouble = None
    assert "both sides match now" in main_text(operator.post(address, follow=True))
    assert "match now" in main_text(operator.post(address, follow=True))
    assert ledger.balance(organisation_id=world.organisation.id).available == top_up.credits_micro
    assert orphan.ref in main_text(operator.get("/operator/reconciliation/?show=closed"))


def test_a_difference_is_looked_at_with_a_note(operator: Client, orphan: ReconciliationFinding) -> None:
    address = reverse("operator_finding", args=[orphan.id])
    assert "Repair" in buttons(operator, address)
    operator.post(reverse("operator_look_at", args=[orphan.id]), {"reason": "Asked the bank"})
    text = main_text(operator.get(address))
    assert "Looked at" in text
    assert "Asked the bank" in text
    assert "Repair" not in buttons(operator, address)


def buttons(operator: Client, address: str) -> list[str]:
    return [button.get_text() for button in page_of(operator.get(address))("button")]


def deferred(action_id: UUID) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("select task_name from procrastinate_jobs where args->>'subject_id' = %s", [str(action_id)])
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize(
    ("address", "job"), [("/operator/reconciliation/now/", RECONCILE_NOW), ("/operator/proof/now/", PROVE_LEDGER)]
)
def test_long_work_is_given_to_a_worker_once(operator: Client, address: str, job: str) -> None:
    token = uuid4()
    answers = [operator.post(address, {"token": str(token)}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert deferred(token) == [job]


def test_the_last_proofs_are_shown(operator: Client) -> None:
    run = prove_if_due(interval=timedelta(0))
    assert run is not None
    assert ("Sound" if run.is_sound else "Not sound") in main_text(operator.get("/operator/proof/"))


def test_another_deeds_token_is_refused(operator: Client, world: World) -> None:
    token = str(uuid4())
    operator.post("/operator/proof/now/", {"token": token})
    answer = operator.post(reverse("operator_stop", args=[world.organisation.id]), {"reason": "x", "token": token})
    assert answer.status_code == 422
    assert not ledger.balance(organisation_id=world.organisation.id).is_frozen


def test_the_audit_trail_can_only_be_added_to(operator: Client, world: World) -> None:
    operator.post(reverse("operator_stop", args=[world.organisation.id]), {"reason": "x"})
    row = OperatorAction.objects.get(organisation_id=world.organisation.id)
    for change in (lambda: OperatorAction.objects.filter(id=row.id).update(reason="y"), row.delete):
        with pytest.raises(Exception, match="append-only"):
            change()
    assert "Stopped sending" in main_text(operator.get("/operator/audit/"))
