"""The gateway as the process its users start, and the official SDK against it, unchanged."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import razorpay  # type: ignore[import-untyped]

from ..far_end import wait_until
from .gateway_process import GatewayProcess
from .merchant import CALLBACK_URL, KEY_ID, WEBHOOK_SECRET
from .payer import Payer


@pytest.fixture
def running(tmp_path: Path) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "gateway") as far_end:
        yield far_end


@pytest.fixture
def shop() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook address on loopback and what arrived there; it refuses the first try of everything."""
    received: list[dict[str, Any]] = []
    refused: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            event_id = self.headers["x-razorpay-event-id"]
            if event_id in refused:
                received.append({"id": event_id, "signature": self.headers["x-razorpay-signature"], "body": body})
            self.send_response(200 if event_id in refused else 503)
            refused.add(event_id)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/webhook", received
    server.shutdown()
    thread.join()
    server.server_close()


def pay_by_card(far_end: GatewayProcess, order: Any) -> dict[str, str]:
    """What a browser would bring back to the merchant."""
    form = {
        "key_id": KEY_ID,
        "order_id": order["id"],
        "amount": str(order["amount"]),
        "currency": "INR",
        "callback_url": CALLBACK_URL,
    }
    card = {"card_number": "6527658900001005", "card_expiry": "12/33", "card_cvv": "123"}
    with httpx.Client(base_url=far_end.url, trust_env=False) as client:
        payer = Payer(client)
        payer.start(form).press("Pay", within="#cards", **card).press("Submit OTP", otp="1234")
        return payer.return_form()[1]


def test_the_official_sdk_pays_an_order_from_start_to_signature(running: GatewayProcess) -> None:
    sdk = running.sdk()
    order = sdk.order.create({"amount": 118_000, "currency": "INR", "receipt": "top_1"}, timeout=10)
    assert sdk.order.fetch(order["id"]) == order
    assert sdk.order.all({"receipt": "top_1"})["items"] == [order]
    returned = pay_by_card(running, order)
    assert sdk.utility.verify_payment_signature(returned) is True
    assert sdk.order.fetch(order["id"])["status"] == "paid"
    (payment,) = sdk.order.payments(order["id"])["items"]
    assert payment["id"] == returned["razorpay_payment_id"]
    assert sdk.payment.fetch(payment["id"]) == payment
    assert sdk.payment.all({"count": 1})["items"] == [payment]
    assert sdk.payment.fetchCardDetails(payment["id"])["network"] == "RuPay"
    assert sdk.payment.fetchPaymentMethods()["entity"] == "methods"
    refund = sdk.payment.refund(payment["id"], {"amount": 100})
    assert sdk.refund.fetch(refund["id"]) == refund
    assert sdk.payment.fetch_multiple_refund(payment["id"])["count"] == 1


def test_the_sdk_raises_its_own_error_for_a_refusal(running: GatewayProcess) -> None:
    with pytest.raises(razorpay.errors.BadRequestError, match="at least INR"):
        running.sdk().order.create({"amount": 1, "currency": "INR"})


def test_webhooks_come_again_until_they_are_taken(tmp_path: Path, shop: tuple[str, list[dict[str, Any]]]) -> None:
    url, received = shop
    with GatewayProcess(tmp_path, WEBHOOK_URL=url, TIME_SPEED="100") as far_end:
        sdk = far_end.sdk()
        order = sdk.order.create({"amount": 118_000, "currency": "INR"})
        pay_by_card(far_end, order)
        wait_until(lambda: len(received) == 3, "all three events")
    assert {json.loads(event["body"])["event"] for event in received} == {
        "payment.authorized",
        "payment.captured",
        "order.paid",
    }
    for event in received:
        sdk.utility.verify_webhook_signature(event["body"].decode(), event["signature"], WEBHOOK_SECRET)


def test_orders_and_payments_survive_kill_9(running: GatewayProcess) -> None:
    order = running.sdk().order.create({"amount": 118_000, "currency": "INR"})
    pay_by_card(running, order)
    running.stop(signal.SIGKILL)
    running.start()
    assert running.sdk().order.fetch(order["id"])["status"] == "paid"
    assert running.sdk().order.payments(order["id"])["items"][0]["status"] == "captured"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(running: GatewayProcess, number: int) -> None:
    assert running.stop(number) == 0
    assert "Traceback" not in running.errors


def refusal(far_end: GatewayProcess) -> str:
    ended = subprocess.run(
        far_end.command(),
        env=os.environ | far_end.environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    return ended.stderr


def test_a_live_key_is_refused_at_start(tmp_path: Path) -> None:
    assert "no live keys" in refusal(GatewayProcess(tmp_path, KEY_ID="rzp_live_abc"))


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    far_end = GatewayProcess(tmp_path)
    with socket.create_server(("127.0.0.1", far_end.http_port)):
        assert f"Port {far_end.http_port} on 127.0.0.1 is taken" in refusal(far_end)


def test_a_second_gateway_on_the_same_folder_is_refused(running: GatewayProcess) -> None:
    assert "already in use" in refusal(GatewayProcess(running.data_dir))
