"""The razorpay driver passes the contract of every payment driver, against the sandbox gateway's own process."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.port import Start
from tests.ports import free_port
from tests.sandbox.far_end import wait_until

from .contract import Bench, GatewayContract
from .sandbox_gateway import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, SandboxGateway
from .scripted_server import Received, ScriptedServer, replies


class RazorpayBench:
    def __init__(self, sandbox: SandboxGateway, receiver: ScriptedServer) -> None:
        self.sandbox, self.receiver = sandbox, receiver
        settings = RazorpaySettings(
            base_url=sandbox.url,
            checkout_url=sandbox.url,
            key_id=KEY_ID,
            key_secret=KEY_SECRET,
            webhook_secrets=(WEBHOOK_SECRET,),
            merchant_name="Khata",
            is_sandbox=True,
        )
        self.gateway = RazorpayGateway(settings)

    def pay(self, start: Start) -> dict[str, str]:
        return self.sandbox.pay(start)

    def pay_by_card(self, start: Start) -> None:
        self.sandbox.pay_by_card(start)

    def decline(self, start: Start) -> None:
        self.sandbox.decline(start)

    def leave_pending(self, start: Start) -> None:
        self.sandbox.leave_pending(start)

    def webhooks(self, order_ref: str) -> list[tuple[bytes, dict[str, str]]]:
        """All of a payment's events, once the last of them is here."""

        def about_order() -> list[Received]:
            found = [request for request in self.receiver.requests if order_ref.encode() in request.body]
            return found if any(json.loads(request.body)["event"] == "order.paid" for request in found) else []

        return [(request.body, request.headers) for request in wait_until(about_order, "order.paid")]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    data_dir: Path = tmp_path_factory.mktemp("gateway")
    with ScriptedServer() as receiver:
        receiver.on("POST", "/webhook", replies(200, {}))
        with SandboxGateway(data_dir, free_port(), webhook_url=f"{receiver.url}/webhook") as sandbox:
            bench = RazorpayBench(sandbox, receiver)
            yield bench
            bench.gateway.close()


class TestRazorpay(GatewayContract):
    pass
