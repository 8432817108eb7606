"""The stripe driver passes the contract of every payment driver, against the stand-in of stripe_far_end.py."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from khata.payments.drivers.stripe import StripeGateway, StripeSettings
from khata.payments.port import PaymentMethod, Redirect, Start

from .bench import RETURN_URL, Bench, Webhook, new_order, new_request, paid_order, send_off
from .contract import GatewayContract
from .stripe_far_end import SECRET_KEY, WEBHOOK_SECRET, StripeServer

CARD = {"type": "card", "card": {"brand": "visa", "last4": "4242"}}


class StripeBench:
    plain_method = PaymentMethod.UPI
    card_detail = "Visa ending 4242"
    is_return_signed = False

    def __init__(self, server: StripeServer) -> None:
        self.far_end = server.far_end
        settings = StripeSettings(
            base_url=self.far_end.url,
            checkout_url=self.far_end.url,
            secret_key=SECRET_KEY,
            webhook_secrets=(WEBHOOK_SECRET,),
            is_sandbox=True,
        )
        self.gateway = StripeGateway(settings)

    def pay(self, start: Start) -> dict[str, str]:
        self.far_end.pay(_page(start))
        return {"session_id": urlsplit(_page(start)).path.rsplit("/", 1)[-1]}

    def pay_by_card(self, start: Start) -> None:
        self.far_end.pay(_page(start), method=CARD)

    def decline(self, start: Start) -> None:
        self.far_end.pay(_page(start), method=CARD, status="failed")

    def leave_pending(self, start: Start) -> None:
        self.far_end.pay(_page(start), status="pending")

    def captured_payment(self, amount_minor: int) -> str:
        order = new_order(self, new_request(amount_minor))
        return str(self.far_end.pay(f"/c/pay/{order.order_ref}")["id"])

    def refunded_minor(self, payment_ref: str) -> int:
        return int(self.far_end.objects["charges"][payment_ref]["amount_refunded"])

    def dispute(self, payment_ref: str) -> str:
        return self.far_end.dispute(payment_ref)

    def lose_dispute(self, dispute_ref: str) -> None:
        self.far_end.objects["disputes"][dispute_ref]["status"] = "lost"

    def webhooks(self, order_ref: str) -> list[Webhook]:
        return self.far_end.events_of(order_ref)

    def webhooks_of_payment(self) -> list[Webhook]:
        order, _ = paid_order(self)
        return self.webhooks(order.order_ref)


def _page(start: Start) -> str:
    assert isinstance(start, Redirect)
    return start.url


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with StripeServer() as server:
        bench = StripeBench(server)
        yield bench
        bench.gateway.close()


class TestStripe(GatewayContract):
    def test_whoever_begins_again_after_paying_is_sent_back_at_once(self, bench: Bench) -> None:
        order, _ = paid_order(bench)
        assert send_off(bench, order) == Redirect(RETURN_URL)
