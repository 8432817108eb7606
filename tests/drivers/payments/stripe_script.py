"""What Stripe's API answers when all is well: a session paid by one card charge, the subject of a dispute's list."""

from typing import Any

from khata.payments.drivers.stripe import StripeGateway, StripeSettings

from .fault_contract import NO_FLAG, NOW, PATIENT_S, REQUEST, WRONG
from .scripted_server import ScriptedServer, replies

Json = dict[str, Any]
SESSION_REF = "cs_test_" + "a1" * 29
SESSIONS, CHARGES, REFUNDS = "/v1/checkout/sessions", "/v1/charges", "/v1/refunds"
CREATED = int(NOW.timestamp())
SESSION: Json = {
    "id": SESSION_REF,
    "mode": "payment",
    "client_reference_id": REQUEST.receipt,
    "amount_total": 118_000,
    "currency": "inr",
    "status": "complete",
    "payment_status": "paid",
    "payment_intent": "pi_1",
    "url": None,
    "livemode": False,
}
REFUND: Json = {
    "id": "re_1",
    "charge": "ch_1",
    "amount": 118_000,
    "currency": "inr",
    "status": "succeeded",
    "created": CREATED,
}


def page_of(*items: Json) -> Json:
    return {"object": "list", "data": list(items), "has_more": False}


class StripeScript:
    order_ref: str = SESSION_REF
    payment: Json = {
        "id": "ch_1",
        "payment_intent": "pi_1",
        "amount": 118_000,
        "currency": "inr",
        "status": "succeeded",
        "captured": True,
        "refunded": False,
        "disputed": True,
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
        "authorization_code": "A1",
        "failure_code": None,
        "failure_message": None,
        "outcome": {"type": "authorized"},
        "created": CREATED,
    }
    facts: dict[str, tuple[Any, ...]] = {
        **dict.fromkeys(("id", "amount", "currency", "status", "created"), WRONG),
        **dict.fromkeys(("captured", "refunded", "disputed"), NO_FLAG),
    }
    create_path = SESSIONS
    refund_path = REFUNDS
    read_paths: tuple[str, ...] = (f"{SESSIONS}/{SESSION_REF}", CHARGES, REFUNDS, "/v1/disputes")
    list_paths: tuple[str, ...] = (CHARGES, SESSIONS)
    refusal: Json = {"error": {"type": "invalid_request_error", "code": "no_such_thing", "message": "no"}}

    def gateway(self, url: str, timeout_s: float = PATIENT_S) -> StripeGateway:
        settings = StripeSettings(
            base_url=url,
            checkout_url="https://checkout.stripe.example",
            secret_key="sk_test_faults",
            webhook_secrets=("whsec_faults",),
            is_sandbox=True,
            timeout_s=timeout_s,
        )
        return StripeGateway(settings)

    def stage(self, server: ScriptedServer, payment: Json) -> None:
        server.on("POST", SESSIONS, replies(200, SESSION | {"status": "open"}))
        server.on("POST", REFUNDS, replies(200, REFUND))
        server.on("GET", f"{SESSIONS}/{SESSION_REF}", replies(200, SESSION))
        server.on("GET", CHARGES, replies(200, page_of(payment)))
        for path in (REFUNDS, "/v1/disputes", "/v1/payouts"):
            server.on("GET", path, replies(200, page_of()))
        server.on("GET", SESSIONS, replies(200, page_of(SESSION)))
