import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.webhooks import retry_wait_s

from .control_client import Control
from .merchant import WEBHOOK_SECRET, Merchant
from .payer import Payer
from .set_clock import SetClock
from .shop import Shop
from .test_gateway_checkout import start

DAY_S = 86_400


@pytest.fixture
def shop(gateway: Gateway) -> Shop:
    return Shop(gateway)


def kinds(requests: list[httpx.Request]) -> list[str]:
    return [json.loads(request.content)["event"] for request in requests]


def event_ids(requests: list[httpx.Request]) -> list[str]:
    return [request.headers["x-razorpay-event-id"] for request in requests]


def pay(merchant: Merchant, payer: Payer) -> str:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#wallet").press("Success")
    return order_id


def is_signed(request: httpx.Request) -> bool:
    expected = hmac.new(WEBHOOK_SECRET.encode(), request.content, hashlib.sha256).hexdigest()
    return hmac.compare_digest(request.headers["x-razorpay-signature"], expected)


def test_a_success_sends_its_events_in_true_order_signed_over_the_raw_body(
    merchant: Merchant, payer: Payer, shop: Shop
) -> None:
    order_id = pay(merchant, payer)
    received = shop.receive()
    assert kinds(received) == ["payment.authorized", "payment.captured", "order.paid"]
    assert all(is_signed(request) for request in received)
    assert len(set(event_ids(received))) == 3
    envelopes: list[Any] = [json.loads(request.content) for request in received]
    assert {envelope["entity"] for envelope in envelopes} == {"event"}
    assert envelopes[0]["account_id"].startswith("acc_")
    assert [envelope["contains"] for envelope in envelopes] == [["payment"], ["payment"], ["payment", "order"]]
    statuses = [envelope["payload"]["payment"]["entity"]["status"] for envelope in envelopes]
    assert statuses == ["authorized", "captured", "captured"]
    assert envelopes[2]["payload"]["order"]["entity"] == merchant.order(order_id)
    assert shop.receive() == []


def test_a_failure_then_a_late_success_sends_failed_before_authorized(
    merchant: Merchant, payer: Payer, shop: Shop
) -> None:
    start(merchant, payer)
    payer.press("Pay", within="#wallet").press("Failure").open("/control").press("Succeed late")
    assert kinds(shop.receive()) == ["payment.failed", "payment.authorized", "payment.captured", "order.paid"]


def test_a_refund_sends_its_events(merchant: Merchant, payer: Payer, shop: Shop) -> None:
    order_id = pay(merchant, payer)
    shop.receive()
    merchant.call("POST", f"/v1/payments/{merchant.payments(order_id)[0]['id']}/refund", json={})
    assert kinds(shop.receive()) == ["refund.created", "refund.processed"]


@pytest.mark.parametrize("status", [500, 404, 302, 0])
def test_an_event_that_is_not_taken_comes_again_with_the_same_id_and_body(
    merchant: Merchant, payer: Payer, shop: Shop, clock: SetClock, status: int
) -> None:
    pay(merchant, payer)
    shop.status = status
    first = shop.receive()
    assert shop.receive() == []
    clock.pass_s(retry_wait_s(1))
    shop.status = 200
    again = shop.receive()
    assert event_ids(again) == event_ids(first)
    assert [request.content for request in again] == [request.content for request in first]
    clock.pass_s(DAY_S)
    assert shop.receive() == []


def test_retries_wait_longer_each_time_and_never_over_an_hour() -> None:
    assert [retry_wait_s(tries) for tries in (1, 2, 3, 10, 11, 500)] == [5, 10, 20, 2560, 3600, 3600]


def test_after_a_day_of_failures_webhooks_are_disabled_until_enabled_again(
    merchant: Merchant, payer: Payer, shop: Shop, clock: SetClock
) -> None:
    pay(merchant, payer)
    shop.status = 500
    shop.receive()
    clock.pass_s(DAY_S)
    shop.receive()
    shop.status = 200
    pay(merchant, payer)
    assert shop.receive() == []
    payer.open("/control")
    assert "Webhooks are disabled" in payer.text
    assert "given up" in payer.text
    assert "unsent" in payer.text
    payer.press("Enable webhooks")
    pay(merchant, payer)
    assert kinds(shop.receive()) == ["payment.authorized", "payment.captured", "order.paid"]


def test_send_again_repeats_an_event_under_its_own_id(merchant: Merchant, payer: Payer, shop: Shop) -> None:
    pay(merchant, payer)
    received = shop.receive()
    payer.open("/control").press("Send again")
    assert event_ids(shop.receive()) == event_ids(received)[-1:]


def test_duplicates_carry_one_event_id(merchant: Merchant, payer: Payer, shop: Shop, control: Control) -> None:
    control.switch_on("webhook_duplicate")
    pay(merchant, payer)
    ids = event_ids(shop.receive())
    assert ids[0::2] == ids[1::2]
    assert len(ids) == 6


def test_reordered_events_arrive_newest_first(merchant: Merchant, payer: Payer, shop: Shop, control: Control) -> None:
    control.switch_on("webhook_reorder")
    pay(merchant, payer)
    assert kinds(shop.receive()) == ["order.paid", "payment.captured", "payment.authorized"]


def test_delayed_events_wait(merchant: Merchant, payer: Payer, shop: Shop, clock: SetClock, control: Control) -> None:
    control.switch_on("webhook_delay", value=30)
    pay(merchant, payer)
    assert shop.receive() == []
    clock.pass_s(30)
    assert len(shop.receive()) == 3


def test_lost_events_never_arrive_unless_they_are_sent_by_hand(
    merchant: Merchant, payer: Payer, shop: Shop, clock: SetClock, control: Control
) -> None:
    control.switch_on("webhook_drop")
    pay(merchant, payer)
    clock.pass_s(DAY_S)
    assert shop.receive() == []
    control.act("events", control.items("events")[0]["id"], "send")
    assert kinds(shop.receive()) == ["order.paid"]


def test_forged_events_do_not_fit_their_signature(
    merchant: Merchant, payer: Payer, shop: Shop, control: Control
) -> None:
    control.switch_on("webhook_bad_signature")
    pay(merchant, payer)
    assert [is_signed(request) for request in shop.receive()] == [False] * 3


def test_a_switch_for_one_order_leaves_the_others_alone(
    merchant: Merchant, payer: Payer, shop: Shop, control: Control
) -> None:
    order = merchant.create_order(receipt="top_1")
    control.switch_on("webhook_drop", target="top_1")
    payer.start(merchant.form(order)).press("Pay", within="#wallet").press("Success")
    assert shop.receive() == []
    pay(merchant, payer)
    assert len(shop.receive()) == 3
    assert control.switch("webhook_drop")["strikes"] == 3


def test_each_try_is_kept_with_its_answer_and_signature(
    merchant: Merchant, payer: Payer, shop: Shop, clock: SetClock, control: Control
) -> None:
    pay(merchant, payer)
    shop.status = 503
    refused = shop.receive()
    shop.status = 200
    clock.pass_s(retry_wait_s(1))
    shop.receive()
    event = control.items("events")[-1]
    assert (event["event"], event["state"]) == ("payment.authorized", "delivered")
    assert [one["status"] for one in event["tries"]] == [200, 503]
    assert {one["signature"] for one in event["tries"]} == {refused[0].headers["x-razorpay-signature"]}
    assert event["body"] == json.loads(refused[0].content)
