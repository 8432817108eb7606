"""What Razorpay's API answers when all is well: an order paid by netbanking."""

from typing import Any

from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings

from .fault_contract import NOW, PATIENT_S, REQUEST, WRONG
from .scripted_server import ScriptedServer, replies

Json = dict[str, Any]
CREATED = int(NOW.timestamp())
ORDER: Json = {
    "id": "order_Abcdefghij0001",
    "entity": "order",
    "amount": 118_000,
    "amount_paid": 118_000,
    "amount_due": 0,
    "currency": "INR",
    "receipt": REQUEST.receipt,
    "status": "paid",
    "notes": [],
    "created_at": CREATED,
}
PAYMENT: Json = {
    "id": "pay_Abcdefghij0001",
    "order_id": ORDER["id"],
    "amount": 118_000,
    "currency": "INR",
    "status": "captured",
    "method": "netbanking",
    "bank": "HDFC",
    "acquirer_data": {"bank_transaction_id": "778899"},
    "error_code": None,
    "created_at": CREATED + 60,
}
REFUND: Json = {
    "id": "rfnd_Abcdefghij0001",
    "payment_id": PAYMENT["id"],
    "amount": 118_000,
    "currency": "INR",
    "status": "processed",
    "receipt": None,
    "created_at": CREATED + 120,
}
ORDERS, ORDER_PATH = "/v1/orders", f"/v1/orders/{ORDER['id']}"
PAYMENTS, PAYMENT_PATH = f"{ORDER_PATH}/payments", f"/v1/payments/{PAYMENT['id']}"
REFUNDS, DISPUTES = f"{PAYMENT_PATH}/refunds", "/v1/disputes"


def collection(*items: Json) -> Json:
    return {"entity": "collection", "count": len(items), "items": list(items)}


class RazorpayScript:
    order_ref: str = ORDER["id"]
    payment = PAYMENT
    facts: dict[str, tuple[Any, ...]] = dict.fromkeys(("id", "amount", "currency", "status", "created_at"), WRONG)
    create_path = ORDERS
    refund_path = f"{PAYMENT_PATH}/refund"
    read_paths: tuple[str, ...] = (ORDER_PATH, PAYMENTS, REFUNDS, DISPUTES)
    list_paths: tuple[str, ...] = ("/v1/payments",)
    refusal: Json = {"error": {"code": "BAD_REQUEST_ERROR", "description": "no", "reason": "no_such_thing"}}

    def gateway(self, url: str, timeout_s: float = PATIENT_S) -> RazorpayGateway:
        settings = RazorpaySettings(
            base_url=url,
            checkout_url=url,
            key_id="rzp_test_faults",
            key_secret="secret",
            webhook_secrets=("webhook",),
            merchant_name="Khata",
            is_sandbox=True,
            timeout_s=timeout_s,
        )
        return RazorpayGateway(settings)

    def stage(self, server: ScriptedServer, payment: Json) -> None:
        server.on("POST", ORDERS, replies(200, ORDER | {"status": "created", "amount_paid": 0}))
        server.on("POST", self.refund_path, replies(200, REFUND))
        server.on("GET", ORDER_PATH, replies(200, ORDER))
        for path in (PAYMENTS, "/v1/payments"):
            server.on("GET", path, replies(200, collection(payment)))
        for path in (ORDERS, REFUNDS, DISPUTES, "/v1/payments/qr_codes"):
            server.on("GET", path, replies(200, collection()))
