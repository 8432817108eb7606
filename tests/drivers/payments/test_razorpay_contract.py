"""The razorpay driver passes the contract of every payment driver, against the sandbox gateway's own process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.port import Order, PaymentMethod, Start
from tests.ports import free_port
from tests.sandbox.far_end import wait_until
from tests.sandbox.gateway.payer import Payer

from .bench import Bench, Webhook, new_order, new_request, paid_order, read, send_off
from .contract import GatewayContract
from .sandbox_gateway import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, SandboxGateway
from .scripted_server import Received, ScriptedServer, replies
from .ways_contract import WaysContract

LAST_EVENTS = ("order.paid", "payment_link.paid", "qr_code.credited")


class RazorpayBench:
    plain_method = PaymentMethod.NETBANKING
    card_detail = "Visa ending 1007"
    is_return_signed = True

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

    def captured_payment(self, amount_minor: int) -> str:
        order = new_order(self, new_request(amount_minor))
        self.pay(send_off(self, order))
        (payment,) = read(self, order).payments
        return payment.payment_ref

    def refunded_minor(self, payment_ref: str) -> int:
        return int(self._ask("GET", f"/v1/payments/{payment_ref}")["amount_refunded"])

    def dispute(self, payment_ref: str) -> str:
        self._ask("POST", f"/_sandbox/payments/{payment_ref}/dispute")
        disputes = self._ask("GET", "/v1/disputes")["items"]
        return next(str(dispute["id"]) for dispute in disputes if dispute["payment_id"] == payment_ref)

    def lose_dispute(self, dispute_ref: str) -> None:
        self._ask("POST", f"/_sandbox/disputes/{dispute_ref}/lose")

    def webhooks_of_payment(self) -> list[Webhook]:
        order, _ = paid_order(self)
        return self.webhooks(order.order_ref)

    def webhooks(self, order_ref: str) -> list[Webhook]:
        """All of a payment's events, once the last of them is here."""

        # A link's payments name it without its prefix.
        name = order_ref.partition("_")[2].encode()

        def about_order() -> list[Received]:
            found = [request for request in self.receiver.requests if name in request.body]
            return found if any(json.loads(request.body)["event"] in LAST_EVENTS for request in found) else []

        return [(request.body, request.headers) for request in wait_until(about_order, "the last event")]

    def pay_by_way(self, order: Order) -> dict[str, str]:
        payer = self._visit(order)
        if order.upi_uri:
            payer.press("Approve")
            return {}
        payer.press("Proceed to pay").press("Pay", within="#netbanking").press("Success")
        return payer.return_form()[1]

    def try_to_pay(self, order: Order) -> bool:
        page = self._visit(order).page
        return any(button.get_text(strip=True) in ("Approve", "Proceed to pay") for button in page.find_all("button"))

    def pay_again(self, payment_ref: str) -> None:
        self._ask("POST", f"/_sandbox/payments/{payment_ref}/capture_again")

    def _visit(self, order: Order) -> Payer:
        """What a browser shows at the order's address: a link's page, or the phone behind a code's image."""
        return Payer(self.sandbox.http).open(urlsplit(order.pay_url).path.removesuffix(".png"))

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        """The far end itself, past our driver."""
        answer = self.sandbox.http.request(method, path, auth=(KEY_ID, KEY_SECRET))
        answer.raise_for_status()
        return dict(answer.json())


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


class TestLinksAndCodes(WaysContract):
    pass
