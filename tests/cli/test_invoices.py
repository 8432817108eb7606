"""`khata invoices export`: the register of everybody, for the operator's accountant."""

import csv
import io
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from typer.testing import CliRunner

from khata.billing.models import PaymentAttempt, TopUp
from khata.billing.operations import settle_top_up, start_top_up
from khata.billing.operations.invoices import issue_invoice
from khata.billing.queries import TopUpRow
from khata.cli.main import app
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.payments.port import PaymentStatus
from khata.tenancy.models import Organisation
from tests.database.billing.staged_gateway import StagedGateway
from tests.top_ups import gateway, top_up

__all__ = ["gateway", "top_up"]


def exported(*arguments: str) -> list[dict[str, str]]:
    result = CliRunner().invoke(app, ["invoices", "export", *arguments])
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


@pytest.fixture
def live_invoice(top_up: TopUpRow, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a payment that was made in earnest; its number."""
    monkeypatch.setattr(settings, "KHATA_INVOICE_PREFIX", uuid4().hex[:3].upper())
    row = TopUp.objects.get(id=top_up.id)
    row.mode = "live"
    PaymentAttempt.objects.create(
        top_up=row, gateway_code="razorpay", mode="live", payment_ref=uuid4().hex, status="captured", method="upi",
        amount_minor=row.total_minor, currency="INR", created_at=utc_now(), purchase_reference=uuid4(),
    )  # fmt: skip
    with in_transaction():
        issue_invoice(row, utc_now())
    return row.documents.get().number


def test_the_days_asked_for_are_written(live_invoice: str, organisation: Organisation) -> None:
    (row,) = [row for row in exported("--from", "2020-04-01", "--until", "2099-04-01") if row["Number"] == live_invoice]
    assert (row["Total"], row["Organisation"]) == ("1180.00", organisation.public_id)
    assert exported("--from", "2020-04-01", "--until", "2020-05-01") == []


def test_it_can_be_written_to_a_file(live_invoice: str, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    assert exported("--from", "2020-04-01", "--until", "2099-04-01", "--file", str(path)) == []
    assert live_invoice in path.read_text()


def test_test_payments_are_left_out(live_invoice: str, organisation: Organisation, gateway: StagedGateway) -> None:
    tried = start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex)
    gateway.stage(tried.order_ref, PaymentStatus.CAPTURED)
    settled = settle_top_up(top_up_id=tried.id)
    assert settled.invoice is not None
    rows = exported("--from", "2020-04-01", "--until", "2099-04-01")
    assert settled.credited_payment is not None
    assert settled.credited_payment.payment_ref not in {row["Payment"] for row in rows}


@pytest.mark.parametrize("days", [("--from", "yesterday", "--until", "2026-04-01"), ("--from", "2026-04-01"), ()])
def test_days_that_are_none_are_refused(days: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["invoices", "export", *days]).exit_code == 2
