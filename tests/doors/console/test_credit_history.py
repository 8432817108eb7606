"""Credit History: every row explained, every balance exact, and sums that reconcile."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from khata.billing.operations import settle_top_up
from khata.billing.queries import TopUpRow
from khata.console.views.credit_history import guarded_cell
from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.ids import new_uuid
from khata.kernel.transactions import in_transaction
from khata.ledger.core import Grant, VoidHold
from khata.ledger.operations import post_batch
from khata.messaging.operations import SendRequest, SentMessage, send_message
from khata.payments.port import PaymentStatus
from khata.tenancy.models import Organisation
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import Answer, main_text, page_of

ADDRESS = "/billing/credit-history/"
Give = Callable[[int, int], None]


def sent(organisation: Organisation) -> SentMessage:
    return send_message(organisation_id=organisation.id, request=SendRequest("+919876543210", "Hello"))


def post(organisation: Organisation, *commands: Grant | VoidHold) -> None:
    with in_transaction() as connection:
        post_batch(connection, commands)


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("\u2212", "-"))


def totals(answer: Answer) -> dict[str, Decimal]:
    found = page_of(answer).find("dl", class_="totals")
    assert found is not None
    return {term.get_text(): number(value.get_text()) for term, value in zip(found("dt"), found("dd"), strict=True)}


def rows(answer: Answer) -> list[list[str]]:
    return [[" ".join(cell.get_text(" ").split()) for cell in row("td")] for row in page_of(answer).select("tbody tr")]


def test_the_totals_reconcile(client: Client, organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 100)
    post(organisation, Grant(organisation.id, new_uuid(), 7 * MICRO_PER_CREDIT))
    returned = sent(organisation)
    sent(organisation)
    post(organisation, VoidHold(organisation.id, returned.id))
    answer = client.get(ADDRESS)
    sums = totals(answer)
    assert sums == {"Opening balance": 0, "Added": 107, "Used": -2, "Returned": 1, "Closing balance": 106}
    assert sums.pop("Closing balance") == sum(sums.values())
    changes = [(number(row[3]), number(row[4])) for row in rows(answer)]
    assert sum(change for change, _ in changes) == 106
    balance = Decimal(0)
    for change, after in reversed(changes):
        balance += change
        assert after == balance


def test_rows_say_what_they_are_for(
    client: Client, organisation: Organisation, gateway: StagedGateway, top_up: TopUpRow
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    kept, returned = sent(organisation), sent(organisation)
    post(organisation, VoidHold(organisation.id, returned.id))
    answer = client.get(ADDRESS)
    assert [row[1] for row in rows(answer)] == [
        "SMS to +91 ••••• •3210 · returned",
        "SMS to +91 ••••• •3210 · reserved",
        "SMS to +91 ••••• •3210 · reserved",
        "Top-up · ₹1,180.00 paid",
    ]
    links = [str(link["href"]) for link in page_of(answer).select("tbody a")]
    assert links[-1] == f"/billing/payments/{top_up.public_id}/"
    assert f"/logs/messages/{kept.public_id}/" in links


def test_a_payment_under_way_stands_on_top_and_outside_the_sums(
    client: Client, gateway: StagedGateway, top_up: TopUpRow
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.AUTHORISED)
    settle_top_up(top_up_id=top_up.id)
    answer = client.get(ADDRESS)
    words = main_text(answer)
    assert "Top-up · ₹1,180.00" in words
    assert "not in the totals · you don't need to pay again 412345678901 Pending" in words
    assert totals(answer)["Closing balance"] == 0


@pytest.mark.parametrize(
    ("kind", "count"), [("", 3), ("top_up", 1), ("usage", 1), ("bonus", 1), ("returned", 0), ("expiry", 0)]
)
def test_types_narrow_the_rows_and_not_the_totals(
    client: Client, organisation: Organisation, give_credits: Give, kind: str, count: int
) -> None:
    give_credits(organisation.id, 10)
    post(organisation, Grant(organisation.id, new_uuid(), MICRO_PER_CREDIT))
    sent(organisation)
    answer = client.get(ADDRESS, {"type": kind})
    assert len(rows(answer)) == count
    assert totals(answer)["Closing balance"] == 10
    assert count or "Clear filters" in main_text(answer)


def test_a_period_begins_with_the_balance_before_it(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    tomorrow = timezone.localdate() + timedelta(days=1)
    later = client.get(ADDRESS, {"first": tomorrow.isoformat()})
    assert totals(later) == {"Opening balance": 10, "Added": 0, "Used": 0, "Returned": 0, "Closing balance": 10}
    assert rows(later) == []
    yesterday = timezone.localdate() - timedelta(days=1)
    before = client.get(ADDRESS, {"last": yesterday.isoformat()})
    assert totals(before)["Closing balance"] == 0
    today = timezone.localdate().isoformat()
    assert len(rows(client.get(ADDRESS, {"first": today, "last": today}))) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"first": "yesterday"},
        {"first": "2026-02-30"},
        {"first": "2026-02-02", "last": "2026-02-01"},
        {"last": "9999-12-31"},
        {"period": "century"},
        {"type": "gift"},
    ],
)
def test_a_wrong_filter_is_explained_beside_its_field(client: Client, query: dict[str, str]) -> None:
    answer = client.get(ADDRESS, query)
    assert answer.status_code == 200
    assert page_of(answer).find("p", class_="error") is not None


@pytest.mark.parametrize("cursor", ["", "abc", "-1", "9" * 30, "1.5", "٣"])
def test_a_wrong_cursor_is_the_first_page(
    client: Client, organisation: Organisation, give_credits: Give, cursor: str
) -> None:
    give_credits(organisation.id, 10)
    assert len(rows(client.get(ADDRESS, {"before": cursor}))) == 1


def test_older_and_newer_walk_through_every_row_once(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    for _ in range(60):
        give_credits(organisation.id, 1)
    seen, balances, address = [], [], "?period=all"
    while address:
        answer = client.get(ADDRESS + address)
        seen.append(address)
        balances += [row[4] for row in rows(answer)]
        older = page_of(answer).select_one('a[rel="next"]')
        address = str(older["href"]) if older else ""
    assert balances == [f"{count}.0" for count in range(60, 0, -1)]
    back = page_of(answer).select_one('a[rel="prev"]')
    assert back is not None
    assert str(back["href"]) == seen[1]


def test_the_export_is_the_same_filter_as_csv(client: Client, organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 10)
    message = sent(organisation)
    answer = client.get(f"{ADDRESS}export.csv", {"type": "usage"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'attachment; filename="credit-history-\d{4}-\d\d-\d\d.csv"', answer["Content-Disposition"])
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head == ["Time (UTC)", "Local time", "Type", "Description", "Reference", "Credits", "Balance after"]
    assert row[2:] == ["Used", "SMS to +91 ••••• •3210 · reserved", message.public_id, "-1", "9"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_exported_text_runs_as_a_formula(text: str) -> None:
    assert guarded_cell(text) == f"'{text}"


def test_exported_text_is_otherwise_untouched() -> None:
    assert guarded_cell("Top-up · ₹1,180.00 paid") == "Top-up · ₹1,180.00 paid"


def test_another_organisations_history_is_its_own(
    client: Client, chens_client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    assert rows(chens_client.get(ADDRESS)) == []
    assert len(chens_client.get(f"{ADDRESS}export.csv").content.decode().splitlines()) == 1
