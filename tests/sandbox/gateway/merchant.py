"""The merchant's side: the REST API with the key, and the form that sends a payer off."""

from typing import Any

from httpx import Client, Response

KEY_ID = "rzp_test_merchant"
KEY_SECRET = "key-secret"
WEBHOOK_SECRET = "webhook-secret"
CALLBACK_URL = "http://localhost:9/return?top_up=1"
CANCEL_URL = "http://localhost:9/cancelled"


class Merchant:
    def __init__(self, client: Client) -> None:
        self.client = client

    def call(self, method: str, path: str, **options: Any) -> Response:
        return self.client.request(method, path, auth=(KEY_ID, KEY_SECRET), **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, **options: Any) -> Any:
        """The error of a call that must be refused."""
        answer = self.call(method, path, **options)
        assert answer.status_code == 400, answer.text
        return answer.json()["error"]

    def create_order(self, amount_minor: int = 118_000, **more: Any) -> Any:
        answer = self.call("POST", "/v1/orders", json={"amount": amount_minor, "currency": "INR", **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, order_id: str) -> Any:
        return self.get(f"/v1/orders/{order_id}")

    def payments(self, order_id: str) -> list[Any]:
        items: list[Any] = self.get(f"/v1/orders/{order_id}/payments")["items"]
        return items

    def form(self, order: Any, **changes: str) -> dict[str, str]:
        """What a merchant's page posts to the hosted checkout."""
        return {
            "key_id": KEY_ID,
            "order_id": order["id"],
            "amount": str(order["amount"]),
            "currency": order["currency"],
            "name": "A name of the form's",
            "description": "Top-up",
            "prefill[email]": "asha@example.com",
            "prefill[contact]": "+919876543210",
            "callback_url": CALLBACK_URL,
            "cancel_url": CANCEL_URL,
            **changes,
        }
