import time
from typing import Any

import pytest

from .control_client import Control
from .merchant import Merchant
from .payer import Payer
from .set_clock import SetClock

DAY_S = 86_400
INDIA_S = 19_800


def pay(merchant: Merchant, payer: Payer, amount_minor: int = 118_000) -> Any:
    order = merchant.create_order(amount_minor)
    payer.start(merchant.form(order)).press("Pay", within="#wallet").press("Success")
    return merchant.payments(order["id"])[0]


def dispute(merchant: Merchant, control: Control, payment: Any) -> Any:
    control.act("payments", payment["id"], "dispute")
    return merchant.get("/v1/disputes")["items"][0]


def settlements(merchant: Merchant) -> list[Any]:
    items: list[Any] = merchant.get("/v1/settlements")["items"]
    return items


def lines_of(merchant: Merchant, clock: SetClock, **more: int) -> list[Any]:
    """What was settled today, as India counts days."""
    day = time.gmtime(clock.now() + INDIA_S)
    asked = {"year": day.tm_year, "month": day.tm_mon, "day": day.tm_mday, **more}
    items: list[Any] = merchant.get("/v1/settlements/recon/combined", **asked)["items"]
    return items


def test_nothing_is_settled_before_a_day_has_passed(merchant: Merchant, payer: Payer, control: Control) -> None:
    pay(merchant, payer)
    control.advance(DAY_S - 60)
    assert settlements(merchant) == []
    control.advance(61)
    (settlement,) = settlements(merchant)
    assert (settlement["amount"], settlement["fees"], settlement["tax"]) == (118_000 - 2_784, 2_784, 424)
    assert (settlement["status"], len(settlement["utr"])) == ("processed", 16)
    assert control.items("events")[0]["event"] == "settlement.processed"


def test_everything_is_settled_once(merchant: Merchant, payer: Payer, control: Control, clock: SetClock) -> None:
    first = pay(merchant, payer)
    control.advance(DAY_S)
    assert [line["entity_id"] for line in lines_of(merchant, clock)] == [first["id"]]
    second = pay(merchant, payer)
    control.advance(2 * DAY_S)
    assert [line["entity_id"] for line in lines_of(merchant, clock)] == [second["id"]]
    control.advance(9 * DAY_S)
    assert len(settlements(merchant)) == 2


def test_what_is_owed_waits_for_the_next_capture(
    merchant: Merchant, payer: Payer, control: Control, clock: SetClock
) -> None:
    payment = pay(merchant, payer, 100_000)
    refund = merchant.call("POST", f"/v1/payments/{payment['id']}/refund", json={}).json()
    control.advance(2 * DAY_S)
    assert settlements(merchant) == []
    later = pay(merchant, payer, 100_000)
    control.advance(DAY_S)
    (settlement,) = settlements(merchant)
    assert settlement["amount"] == 100_000 - 2 * 2_360
    by_id = {line["entity_id"]: line for line in lines_of(merchant, clock)}
    assert set(by_id) == {payment["id"], later["id"], refund["id"]}
    assert (by_id[refund["id"]]["type"], by_id[refund["id"]]["debit"]) == ("refund", 100_000)
    assert by_id[refund["id"]]["payment_id"] == payment["id"]


def test_a_pending_refund_is_not_deducted_yet(merchant: Merchant, payer: Payer, control: Control) -> None:
    payment = pay(merchant, payer)
    control.switch_on("refund_slow", value=5 * DAY_S)
    merchant.call("POST", f"/v1/payments/{payment['id']}/refund", json={"amount": 18_000})
    control.advance(DAY_S)
    (settlement,) = settlements(merchant)
    assert settlement["amount"] == 118_000 - 2_784


def test_a_lost_dispute_is_deducted(merchant: Merchant, payer: Payer, control: Control, clock: SetClock) -> None:
    payment, _ = pay(merchant, payer), pay(merchant, payer)
    lost = dispute(merchant, control, payment)
    assert merchant.call("POST", f"/v1/disputes/{lost['id']}/accept").json()["status"] == "lost"
    control.advance(DAY_S)
    (settlement,) = settlements(merchant)
    assert settlement["amount"] == 2 * (118_000 - 2_784) - 118_000
    line = next(line for line in lines_of(merchant, clock) if line["type"] == "adjustment")
    assert (line["debit"], line["dispute_id"], line["payment_id"]) == (118_000, lost["id"], payment["id"])


def test_a_won_dispute_costs_nothing(merchant: Merchant, payer: Payer, control: Control) -> None:
    won = dispute(merchant, control, pay(merchant, payer))
    control.act("disputes", won["id"], "win")
    control.advance(DAY_S)
    assert settlements(merchant)[0]["amount"] == 118_000 - 2_784
    after = merchant.get(f"/v1/disputes/{won['id']}")
    assert (after["status"], after["amount_deducted"]) == ("won", 0)


def test_the_reconciliation_is_asked_for_by_month_or_day(
    merchant: Merchant, payer: Payer, control: Control, clock: SetClock
) -> None:
    for _ in range(3):
        pay(merchant, payer)
    control.advance(DAY_S)
    day = time.gmtime(clock.now() + INDIA_S)
    month = {"year": day.tm_year, "month": day.tm_mon}
    assert merchant.get("/v1/settlements/recon/combined", **month)["count"] == 3
    assert len(lines_of(merchant, clock, count=2)) == 2
    assert len(lines_of(merchant, clock, count=1000, skip=2)) == 1
    assert merchant.get("/v1/settlements/recon/combined", year=day.tm_year - 1, month=day.tm_mon)["count"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "year"),
        ({"year": 2026}, "month"),
        ({"year": 2026, "month": 13}, "month"),
        ({"year": 2026, "month": 2, "day": 30}, "day"),
        ({"year": "x", "month": 2}, "year"),
        ({"year": 2026, "month": 2, "count": 1001}, "count"),
    ],
)
def test_a_wrong_reconciliation_is_refused_with_its_field(
    merchant: Merchant, query: dict[str, Any], field: str
) -> None:
    assert merchant.refused("GET", "/v1/settlements/recon/combined", params=query)["field"] == field


def test_a_dispute_goes_its_way_once(merchant: Merchant, payer: Payer, control: Control) -> None:
    opened = dispute(merchant, control, pay(merchant, payer))
    path = f"/v1/disputes/{opened['id']}"
    draft = merchant.call("PATCH", f"{path}/contest", json={"summary": "Delivered", "action": "draft"}).json()
    assert (draft["status"], draft["evidence"]["summary"]) == ("open", "Delivered")
    assert merchant.refused("PATCH", f"{path}/contest", json={"action": "submit"})
    assert merchant.refused("PATCH", f"{path}/contest", json={"amount": 118_001})["field"] == "amount"
    assert merchant.refused("PATCH", f"{path}/contest", json={"shipping_proof": "doc_1"})["field"] == "shipping_proof"
    submitted = merchant.call("PATCH", f"{path}/contest", json={"shipping_proof": ["doc_1"], "action": "submit"}).json()
    assert (submitted["status"], submitted["evidence"]["summary"]) == ("under_review", "Delivered")
    assert submitted["evidence"]["submitted_at"] is not None
    assert merchant.refused("POST", f"{path}/accept")
    control.act("disputes", opened["id"], "lose")
    assert merchant.get(path)["amount_deducted"] == 118_000
    kinds = [event["event"] for event in control.items("events") if "dispute" in event["event"]]
    assert kinds == ["payment.dispute.lost", "payment.dispute.under_review", "payment.dispute.created"]


def test_a_downtime_is_listed_while_it_lasts(merchant: Merchant, control: Control) -> None:
    control.call("POST", "/downtimes", json={"method": "netbanking", "instrument": {"bank": "HDFC"}})
    (downtime,) = merchant.get("/v1/payments/downtimes")["items"]
    assert (downtime["status"], downtime["instrument"]) == ("started", {"bank": "HDFC"})
    control.act("downtimes", downtime["id"], "resolve")
    assert merchant.get("/v1/payments/downtimes")["count"] == 0
    after = merchant.get(f"/v1/payments/downtimes/{downtime['id']}")
    assert (after["status"], after["end"] is not None) == ("resolved", True)
