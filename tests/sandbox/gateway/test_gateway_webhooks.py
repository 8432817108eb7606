import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.webhooks import deliver_due, retry_wait_s

from .merchant import WEBHOOK_SECRET, Merchant
from .payer import Payer
from .set_clock import SetClock
from .test_gateway_checkout import start

DAY_S = 86_400


class Shop:
    """The merchant's webhook address: keeps what arrives, answers with `status`."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.status = 200
        self.received: list[httpx.Request] = []

    def receive(self) -> list[httpx.Request]:
        """Lets everything that is due arrive; returns what is new."""
        before = len(self.received)
        asyncio.run(self._deliver())
        return self.received[before:]

    async def _deliver(self) -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(self._answer)) as client:
            await deliver_due(self.gateway, client)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request)
        if self.status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(self.status)


@pytest.fixture
def shop(gateway: Gateway) -> Shop:
    return Shop(gateway)


@pytest.fixture
def switch_on(merchant: Merchant) -> Callable[..., None]:
    def switch(**values: int) -> None:
        assert merchant.call("POST", "/control/switches", data=values).status_code == 303

    return switch


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


def test_duplicates_carry_one_event_id(
    merchant: Merchant, payer: Payer, shop: Shop, switch_on: Callable[..., None]
) -> None:
    switch_on(webhook_duplicate=1)
    pay(merchant, payer)
    ids = event_ids(shop.receive())
    assert ids[0::2] == ids[1::2]
    assert len(ids) == 6


def test_reordered_events_arrive_newest_first(
    merchant: Merchant, payer: Payer, shop: Shop, switch_on: Callable[..., None]
) -> None:
    switch_on(webhook_reorder=1)
    pay(merchant, payer)
    assert kinds(shop.receive()) == ["order.paid", "payment.captured", "payment.authorized"]


def test_delayed_events_wait(
    merchant: Merchant, payer: Payer, shop: Shop, clock: SetClock, switch_on: Callable[..., None]
) -> None:
    switch_on(webhook_delay=30)
    pay(merchant, payer)
    assert shop.receive() == []
    clock.pass_s(30)
    assert len(shop.receive()) == 3


def test_lost_events_never_arrive(
    merchant: Merchant, payer: Payer, shop: Shop, clock: SetClock, switch_on: Callable[..., None]
) -> None:
    switch_on(webhook_drop=1)
    pay(merchant, payer)
    clock.pass_s(DAY_S)
    assert shop.receive() == []


def test_forged_events_do_not_fit_their_signature(
    merchant: Merchant, payer: Payer, shop: Shop, switch_on: Callable[..., None]
) -> None:
    switch_on(webhook_bad_signature=1)
    pay(merchant, payer)
    assert [is_signed(request) for request in shop.receive()] == [False] * 3


def test_reads_fail_as_often_as_switched_on(merchant: Merchant, switch_on: Callable[..., None]) -> None:
    order = merchant.create_order()
    switch_on(api_errors=2)
    path = f"/v1/orders/{order['id']}"
    answers = [merchant.call("GET", path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [500, 500, 200]
    assert answers[0].json()["error"]["code"] == "SERVER_ERROR"


def test_a_switch_takes_only_positions_it_has(merchant: Merchant) -> None:
    for value in ("2", "-1", "on", ""):
        assert merchant.call("POST", "/control/switches", data={"webhook_drop": value}).status_code == 422


def test_the_control_page_takes_no_form_of_another_site(client: httpx.Client, merchant: Merchant) -> None:
    order = merchant.create_order()
    for path in ("reset", "switches", "webhooks/enable"):
        assert client.post(f"/control/{path}", data={}).status_code == 403
    assert merchant.order(order["id"]) == order


def test_switches_can_be_set_and_cleared_on_the_page(merchant: Merchant, payer: Payer, shop: Shop) -> None:
    payer.open("/control").press("Save switches", webhook_drop="1", api_slow="3")
    assert payer.page.select_one("#webhook_drop[checked]") is not None
    assert payer.page.select_one("#api_slow[value='3']") is not None
    payer.press("Save switches", api_slow="0")
    assert payer.page.select_one("#webhook_drop[checked]") is not None


def test_reset_forgets_everything(merchant: Merchant, payer: Payer, shop: Shop) -> None:
    pay(merchant, payer)
    payer.open("/control").press("Reset everything")
    assert merchant.get("/v1/orders")["count"] == merchant.get("/v1/payments")["count"] == 0
    assert shop.receive() == []
