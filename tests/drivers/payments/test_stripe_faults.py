"""The stripe driver against a gateway in trouble, and what is Stripe's own about asking it."""

from dataclasses import replace

import pytest

from khata.payments.drivers.stripe import StripeGateway
from khata.payments.port import Order, Payer, Redirect, Refused, SettledItem, Unavailable

from .fault_contract import NOW, REQUEST, FaultContract, listed, refund_request
from .scripted_server import ScriptedServer, replies
from .stripe_script import (
    CHARGES,
    CREATED,
    REFUND,
    REFUNDS,
    SESSION,
    SESSION_REF,
    SESSIONS,
    Json,
    StripeScript,
    page_of,
)


@pytest.fixture
def script() -> StripeScript:
    return StripeScript()


class TestStripe(FaultContract):
    def test_a_session_is_asked_for_with_all_that_must_not_change(
        self, server: ScriptedServer, gateway: StripeGateway
    ) -> None:
        order = gateway.create_order(REQUEST)
        assert order == Order(SESSION_REF, 118_000, "INR", REQUEST.receipt)
        (request,) = server.requests
        assert request.headers["idempotency-key"] == REQUEST.receipt
        assert request.headers["stripe-version"]
        assert request.form() == {
            "mode": "payment",
            "client_reference_id": REQUEST.receipt,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "inr",
            "line_items[0][price_data][unit_amount]": "118000",
            "line_items[0][price_data][product_data][name]": "Credits",
            "adaptive_pricing[enabled]": "false",
            "payment_intent_data[description]": "Credits",
            "payment_intent_data[metadata][receipt]": REQUEST.receipt,
            "metadata[Amount]": "1000.00",
            "success_url": "http://localhost:9/return/?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://localhost:9/cancel/",
        }

    def test_a_currency_without_hundredths_is_refused_unasked(
        self, server: ScriptedServer, gateway: StripeGateway
    ) -> None:
        assert isinstance(gateway.create_order(replace(REQUEST, currency="JPY")), Refused)
        assert server.requests == []

    @pytest.mark.parametrize(
        ("change", "answer"),
        [
            ({"status": "open", "url": "https://checkout.stripe.example/c/pay/1#x"}, Redirect),
            ({"status": "open", "url": "https://elsewhere.example/c/pay/1"}, Refused),
            ({"status": "open", "url": "https://checkout.stripe.example.evil.example/"}, Refused),
            ({"status": "open", "url": None}, Refused),
            ({"status": "open", "url": 7}, Refused),
            ({"status": "expired", "url": None}, Refused),
            ({"status": None}, Refused),
        ],
        ids=str,
    )
    def test_the_payer_is_only_ever_sent_to_an_open_session_at_the_announced_address(
        self, server: ScriptedServer, gateway: StripeGateway, change: Json, answer: type
    ) -> None:
        server.on("GET", f"{SESSIONS}/{SESSION_REF}", replies(200, SESSION | change))
        start = gateway.start(order_ref=SESSION_REF, request=REQUEST, payer=Payer("", "", ""))
        assert isinstance(start, answer)

    def test_a_list_is_read_page_by_page_to_its_end(self, server: ScriptedServer, gateway: StripeGateway) -> None:
        first = [StripeScript.payment | {"id": f"ch_{number}"} for number in range(3)]
        pages = iter([page_of(*first) | {"has_more": True}, page_of(StripeScript.payment | {"id": "ch_last"})])
        server.on("GET", CHARGES, lambda handler: replies(200, next(pages))(handler))
        payments = listed(gateway)
        assert isinstance(payments, tuple)
        assert {payment.payment_ref for payment in payments} == {"ch_0", "ch_1", "ch_2", "ch_last"}
        asked = [request.query for request in server.requests if request.path == CHARGES]
        assert [query.get("starting_after") for query in asked] == [None, ["ch_2"]]

    def test_a_list_that_never_ends_is_given_up(self, server: ScriptedServer, gateway: StripeGateway) -> None:
        server.on("GET", CHARGES, replies(200, page_of(StripeScript.payment) | {"has_more": True}))
        assert isinstance(listed(gateway), Unavailable)

    def test_a_payment_of_another_program_on_the_account_names_no_order(
        self, server: ScriptedServer, gateway: StripeGateway
    ) -> None:
        server.on("GET", SESSIONS, replies(200, page_of(SESSION | {"mode": "setup", "amount_total": None})))
        server.on("GET", CHARGES, replies(200, page_of(StripeScript.payment | {"payment_intent": None})))
        payments = listed(gateway)
        assert isinstance(payments, tuple)
        assert [payment.order_ref for payment in payments] == [None]

    def test_a_refund_made_before_is_found_by_its_receipt(
        self, script: StripeScript, server: ScriptedServer, gateway: StripeGateway
    ) -> None:
        wanted = refund_request(script)
        made = REFUND | {"id": "re_9", "status": "pending", "metadata": {"receipt": wanted.receipt}}
        server.on("GET", REFUNDS, replies(200, page_of(REFUND | {"metadata": None}, made)))
        refunded = gateway.refund(wanted)
        assert not isinstance(refunded, Refused | Unavailable)
        assert server.posted(REFUNDS) == 0

    def test_without_a_look_for_the_receipt_nothing_is_refunded(
        self, script: StripeScript, server: ScriptedServer, gateway: StripeGateway
    ) -> None:
        server.on("GET", REFUNDS, replies(500, b"<html></html>"))
        assert isinstance(gateway.refund(refund_request(script)), Unavailable)
        assert server.posted(REFUNDS) == 0

    def test_what_was_paid_out_is_told_line_by_line(self, server: ScriptedServer, gateway: StripeGateway) -> None:
        fees = [{"type": "stripe_fee", "amount": 2_360}, {"type": "tax", "amount": 425}]
        lines: list[Json] = [
            {"id": "txn_1", "type": "charge", "source": "ch_1", "amount": 118_000, "fee": 2_785, "fee_details": fees},
            {"id": "txn_2", "type": "refund", "source": {"id": "re_1"}, "amount": -50_000, "fee": 0},
            {"id": "txn_3", "type": "stripe_fee", "source": None, "amount": -100, "fee": 0, "fee_details": None},
            {"id": "txn_4", "type": "payout", "source": "po_1", "amount": -65_115, "fee": 0},
        ]
        server.on("GET", "/v1/payouts", replies(200, page_of({"id": "po_1", "arrival_date": CREATED})))
        server.on("GET", "/v1/balance_transactions", replies(200, page_of(*lines)))
        assert gateway.list_settled(year=2026, month=6, day=1) == (
            SettledItem("payment", "ch_1", None, 118_000, 2_785, 425, "po_1", NOW),
            SettledItem("refund", "re_1", None, 50_000, 0, 0, "po_1", NOW),
            SettledItem("adjustment", "txn_3", None, 100, 0, 0, "po_1", NOW),
        )
        (asked,) = [request.query for request in server.requests if request.path == "/v1/payouts"]
        assert asked["arrival_date[gte]"] == [str(CREATED)]
        assert asked["arrival_date[lt]"] == [str(CREATED + 86_400)]

    @pytest.mark.parametrize("change", [{"amount": None}, {"fee": 1.5}, {"amount": True}], ids=str)
    def test_a_settled_line_whose_figures_are_wrong_is_not_believed(
        self, server: ScriptedServer, gateway: StripeGateway, change: Json
    ) -> None:
        line = {"id": "txn_1", "type": "charge", "source": "ch_1", "amount": 118_000, "fee": 0} | change
        server.on("GET", "/v1/payouts", replies(200, page_of({"id": "po_1", "arrival_date": CREATED})))
        server.on("GET", "/v1/balance_transactions", replies(200, page_of(line)))
        assert isinstance(gateway.list_settled(year=2026, month=6, day=1), Unavailable)
