from typing import Any

import pytest

from .control_client import Control
from .merchant import Merchant
from .payer import Payer

DAY_S = 86_400


@pytest.fixture
def paid(merchant: Merchant, payer: Payer) -> Any:
    order = merchant.create_order()
    payer.start(merchant.form(order)).press("Pay", within="#wallet").press("Success")
    return merchant.payments(order["id"])[0]


def refund(merchant: Merchant, payment: Any, **body: Any) -> Any:
    answer = merchant.call("POST", f"/v1/payments/{payment['id']}/refund", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": "100"}, "amount"),
        ({"amount": 118_001}, "amount"),
        ({"speed": "instant"}, "speed"),
        ({"receipt": "x" * 41}, "receipt"),
        ({"notes": "later"}, "notes"),
    ],
)
def test_a_wrong_refund_is_refused_with_its_field(
    merchant: Merchant, paid: Any, body: dict[str, Any], field: str
) -> None:
    assert merchant.refused("POST", f"/v1/payments/{paid['id']}/refund", json=body)["field"] == field


@pytest.mark.parametrize("key", ["short", "has spaces in it", "semi;colons;;"])
def test_a_wrong_idempotency_key_is_refused(merchant: Merchant, paid: Any, key: str) -> None:
    path = f"/v1/payments/{paid['id']}/refund"
    assert (
        "idempotency key"
        in merchant.refused("POST", path, json={}, headers={"x-refund-idempotency": key})["description"]
    )


def test_the_banks_reference_follows_after_two_days(merchant: Merchant, paid: Any, control: Control) -> None:
    made = refund(merchant, paid)
    assert (made["status"], made["acquirer_data"]) == ("processed", {"arn": None})
    control.advance(2 * DAY_S + 1)
    assert len(merchant.get(f"/v1/refunds/{made['id']}")["acquirer_data"]["arn"]) == 12


def test_an_instant_refund_is_pending_for_a_minute(merchant: Merchant, paid: Any, control: Control) -> None:
    made = refund(merchant, paid, speed="optimum")
    assert (made["status"], made["speed_processed"]) == ("pending", "instant")
    assert merchant.get(f"/v1/payments/{paid['id']}")["refund_status"] == "full"
    control.advance(61)
    assert merchant.get(f"/v1/refunds/{made['id']}")["status"] == "processed"
    kinds = [event["event"] for event in control.items("events")[:2]]
    assert kinds == ["refund.processed", "refund.created"]


def test_a_refund_can_fail_after_it_was_processed(merchant: Merchant, paid: Any, control: Control) -> None:
    made = refund(merchant, paid)
    control.act("refunds", made["id"], "fail")
    assert merchant.get(f"/v1/refunds/{made['id']}")["status"] == "failed"
    payment = merchant.get(f"/v1/payments/{paid['id']}")
    assert (payment["status"], payment["amount_refunded"], payment["refund_status"]) == ("captured", 0, None)
    assert control.items("events")[0]["event"] == "refund.failed"
    assert refund(merchant, paid)["amount"] == 118_000


def test_a_refund_fails_once(merchant: Merchant, paid: Any, control: Control) -> None:
    part, _ = refund(merchant, paid, amount=10_000), refund(merchant, paid, amount=20_000)
    control.act("refunds", part["id"], "fail")
    control.act("refunds", part["id"], "fail")
    assert merchant.get(f"/v1/payments/{paid['id']}")["amount_refunded"] == 20_000


def test_an_old_payment_is_not_refunded(merchant: Merchant, paid: Any, control: Control) -> None:
    control.advance(184 * DAY_S)
    assert "six months" in merchant.refused("POST", f"/v1/payments/{paid['id']}/refund", json={})["description"]


def test_a_payments_refunds_expand(merchant: Merchant, paid: Any) -> None:
    made = refund(merchant, paid, amount=100)
    expanded = merchant.get(f"/v1/payments/{paid['id']}", **{"expand[]": "refunds"})
    assert expanded["refunds"]["items"] == [made]


def test_the_notes_of_a_refund_can_be_changed_and_nothing_else(merchant: Merchant, paid: Any) -> None:
    made = refund(merchant, paid)
    path = f"/v1/refunds/{made['id']}"
    assert merchant.call("PATCH", path, json={"notes": {"a": "b"}}).json()["notes"] == {"a": "b"}
    assert merchant.refused("PATCH", path, json={"amount": 1})
