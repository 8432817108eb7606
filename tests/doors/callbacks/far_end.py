"""A payment from end to end: our driver, the sandbox gateway's process, a payer, and the webhooks it sends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from khata.billing.operations import begin_checkout
from khata.billing.queries import TopUpRow
from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.port import Start
from tests.drivers.payments.sandbox_gateway import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, SandboxGateway
from tests.drivers.payments.scripted_server import Received, ScriptedServer, replies
from tests.ports import free_port
from tests.sandbox.far_end import wait_until


@dataclass(frozen=True, slots=True)
class PaymentWorld:
    gateway: RazorpayGateway
    sandbox: SandboxGateway
    receiver: ScriptedServer

    def checkout(self, top_up: TopUpRow) -> Start:
        return begin_checkout(organisation_id=top_up.organisation_id, top_up_id=top_up.id)

    def webhooks(self, top_up: TopUpRow) -> list[Received]:
        """All events of a paid top-up, once the last of them is here."""
        assert top_up.order_ref is not None
        about = top_up.order_ref.encode()

        def complete() -> list[Received]:
            found = [request for request in self.receiver.requests if about in request.body]
            return found if any(json.loads(request.body)["event"] == "order.paid" for request in found) else []

        return wait_until(complete, "order.paid")


@contextmanager
def payment_world(data_dir: Path) -> Iterator[PaymentWorld]:
    with ScriptedServer() as receiver:
        receiver.on("POST", "/webhook", replies(200, {}))
        with SandboxGateway(data_dir, free_port(), webhook_url=f"{receiver.url}/webhook") as sandbox:
            gateway = RazorpayGateway(_settings(sandbox.url))
            yield PaymentWorld(gateway, sandbox, receiver)
            gateway.close()


def return_path(top_up: TopUpRow) -> str:
    return f"/callbacks/razorpay/return/{top_up.public_id}/"


def cancel_path(top_up: TopUpRow) -> str:
    return f"/callbacks/razorpay/cancel/{top_up.public_id}/"


def _settings(url: str) -> RazorpaySettings:
    return RazorpaySettings(
        base_url=url,
        checkout_url=url,
        key_id=KEY_ID,
        key_secret=KEY_SECRET,
        webhook_secrets=(WEBHOOK_SECRET,),
        merchant_name="Khata",
        is_sandbox=True,
    )
