"""The stripe driver against localstripe, which somebody else wrote: refunds, and webhooks with their signatures.

It has no Checkout Sessions, no disputes, no lists by payment intent and no idempotency keys, so that a refund asked for
twice shows here that the driver looks for the first one itself.
"""

import json
from collections.abc import Iterator

import pytest

from khata.payments.drivers.stripe import StripeGateway, StripeSettings
from tests.sandbox.far_end import wait_until

from .bench import TOTAL, Webhook
from .contract import RefundContract, WebhookContract
from .localstripe import SECRET_KEY, WEBHOOK_SECRET, Localstripe
from .scripted_server import Received, ScriptedServer, replies


class LocalstripeBench:
    def __init__(self, peer: Localstripe, receiver: ScriptedServer) -> None:
        self.peer, self.receiver = peer, receiver
        settings = StripeSettings(
            base_url=peer.url,
            checkout_url=peer.url,
            secret_key=SECRET_KEY,
            webhook_secrets=("whsec_the_next_one", WEBHOOK_SECRET),
            is_sandbox=True,
        )
        self.gateway = StripeGateway(settings)

    def captured_payment(self, amount_minor: int) -> str:
        return str(self.peer.capture(amount_minor)["latest_charge"]["id"])

    def refunded_minor(self, payment_ref: str) -> int:
        return int(self.peer.charge(payment_ref)["amount_refunded"])

    def webhooks_of_payment(self) -> list[Webhook]:
        intent_ref = self.peer.capture(TOTAL)["id"]

        def about_it() -> list[Received]:
            sent = [(json.loads(request.body)["data"]["object"], request) for request in self.receiver.requests]
            return [request for subject, request in sent if subject.get("id") == intent_ref]

        return [(request.body, request.headers) for request in wait_until(about_it, "payment_intent.succeeded")]


@pytest.fixture(scope="module")
def bench() -> Iterator[LocalstripeBench]:
    with ScriptedServer() as receiver:
        receiver.on("POST", "/webhook", replies(200, {}))
        with Localstripe(f"{receiver.url}/webhook") as peer:
            bench = LocalstripeBench(peer, receiver)
            yield bench
            bench.gateway.close()


class TestStripeOnLocalstripe(RefundContract, WebhookContract):
    pass
