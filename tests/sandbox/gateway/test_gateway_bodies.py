"""Whatever a body holds, the answer is a refusal that names its cause, never an error of the gateway's own."""

from typing import Any

import pytest

from .merchant import Merchant

RESOURCES: dict[str, dict[str, Any]] = {
    "/v1/orders": {"amount": 100, "currency": "INR"},
    "/v1/payment_links": {"amount": 100, "currency": "INR"},
    "/v1/payments/qr_codes": {"type": "upi_qr", "usage": "single_use"},
    "/v1/customers": {"name": "Asha"},
}
FIELDS = {
    "/v1/orders": (
        "amount",
        "currency",
        "receipt",
        "notes",
        "partial_payment",
        "payment",
        "method",
        "customer_id",
        "token",
        "notification",
    ),
    "/v1/payment_links": (
        "amount",
        "currency",
        "accept_partial",
        "upi_link",
        "description",
        "reference_id",
        "customer",
        "expire_by",
        "notify",
        "reminder_enable",
        "notes",
        "callback_url",
    ),
    "/v1/payments/qr_codes": (
        "type",
        "usage",
        "name",
        "fixed_amount",
        "description",
        "customer_id",
        "close_by",
        "notes",
    ),
    "/v1/customers": ("name", "email", "contact", "fail_existing", "gstin", "notes"),
}
VALUES: tuple[Any, ...] = (10**30, -1, 1.5, "\x00", "x" * 5_000, [1], {"a": {"b": 1}}, {"max_amount": 10**30})


@pytest.mark.parametrize(("path", "field"), [(path, field) for path in FIELDS for field in FIELDS[path]])
def test_a_value_of_any_kind_is_taken_or_refused(merchant: Merchant, path: str, field: str) -> None:
    for value in VALUES:
        answer = merchant.call("POST", path, json={**RESOURCES[path], field: value})
        assert answer.status_code in (200, 400), (field, value, answer.text)
        assert answer.status_code == 200 or answer.json()["error"]["code"] == "BAD_REQUEST_ERROR"


@pytest.mark.parametrize(
    "body", [b'{"receipt": "\\ud800"}', b"[" * 20_000, b'{"a":' * 10_000], ids=["surrogate", "[", "{"]
)
@pytest.mark.parametrize("path", RESOURCES)
def test_a_body_that_cannot_be_read_is_refused(merchant: Merchant, path: str, body: bytes) -> None:
    assert merchant.refused("POST", path, content=body)["description"] == "The request body is not valid JSON."


def test_nothing_is_not_a_truth_value_but_none_was_given(merchant: Merchant) -> None:
    answer = merchant.call("POST", "/v1/payment_links", json={"amount": 100, "currency": "INR", "upi_link": None})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/invoices", "/v1/subscriptions/sub_1", "/v1/payments/create/json", "/v1/payments/validate/vpa"]
)
def test_a_resource_that_is_not_here_says_so(merchant: Merchant, path: str) -> None:
    assert merchant.refused("POST", path, json={})["description"] == f"{path} is not offered by this sandbox gateway"
