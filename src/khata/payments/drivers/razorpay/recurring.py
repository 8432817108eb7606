"""Charging a payer again: customers, the mandate an order asks for, and payments under it.

A payment under a mandate is `created` at once and debited hours later, once the payer's bank has told the payer.
"""

from khata.payments.drivers.razorpay import fields
from khata.payments.drivers.razorpay.entities import payment_from
from khata.payments.drivers.razorpay.fields import items
from khata.payments.facts import NotUnderstood
from khata.payments.port import (
    OrderRequest,
    Payment,
    PaymentStatus,
    Refused,
    Unavailable,
    Unknown,
)
from khata.payments.rest import Json, RestClient
from khata.payments.saved_methods import ChargeRequest, Customer, CustomerRequest, SavedMethod

NOTICE_HOURS = 36
"""For cards; UPI takes about 25."""

UNATTENDED_MAXIMUM_MINOR = 15_000_00
"""Above it the payer must approve every payment (RBI's e-mandate framework)."""

_NAME_LENGTH_MAX = 50


def register_customer(client: RestClient, request: CustomerRequest) -> Customer | Refused | Unavailable | Unknown:
    """Mail address and number name a customer, and with `fail_existing` "0" one who is there is the answer."""
    known = {"name": request.name[:_NAME_LENGTH_MAX], "email": request.email, "contact": request.contact}
    body = {name: value for name, value in known.items() if value}
    answer = client.post("/v1/customers", {**body, "fail_existing": "0", "notes": {"receipt": request.receipt}})
    if not isinstance(answer, dict):
        return answer
    try:
        return Customer(fields.reference(answer, "id", "cust_"))
    except NotUnderstood as error:
        return Unknown(f"the new customer cannot be read: {error}")


def order_fields(request: OrderRequest) -> Json:
    """What an order says besides: the mandate it asks for, or the notice before it is charged."""
    if request.mandate is not None:
        terms = {"max_amount": request.mandate.amount_max_minor, "frequency": "as_presented"}
        return {"customer_id": request.mandate.customer_ref, "token": terms}
    return {"notification": {"token_id": request.saved.token_ref}} if request.saved is not None else {}


def checkout_fields(request: OrderRequest) -> dict[str, str]:
    return {} if request.mandate is None else {"customer_id": request.mandate.customer_ref, "recurring": "1"}


def charge_saved(client: RestClient, request: ChargeRequest) -> Payment | Refused | Unavailable | Unknown:
    """There is no idempotency key here, so the order's payments are looked up before it is charged."""
    found = _payment_of(client, request.order_ref)
    if found is not None:
        return found
    answer = client.post("/v1/payments/create/recurring", _charge(request))
    if not isinstance(answer, dict):
        return answer
    payment_ref = answer.get("razorpay_payment_id")
    payment = client.get(f"/v1/payments/{payment_ref}")
    try:
        return payment_from(payment) if isinstance(payment, dict) else Unknown(f"{payment_ref} cannot be read")
    except NotUnderstood as error:
        return Unknown(f"the new payment cannot be read: {error}")


def forget_saved(client: RestClient, saved: SavedMethod) -> Refused | Unavailable | Unknown | None:
    answer = client.delete(f"/v1/customers/{saved.customer_ref}/tokens/{saved.token_ref}")
    return None if isinstance(answer, dict) else answer


def _payment_of(client: RestClient, order_ref: str) -> Payment | Unavailable | None:
    """The order's payment, one that did not fail before one that did; None where it was never charged."""
    listed = client.get(f"/v1/orders/{order_ref}/payments")
    if not isinstance(listed, dict):
        # Refused or not, an earlier charge may be there.
        return Unavailable(f"its payments cannot be looked up: {listed}")
    try:
        found = [payment_from(item) for item in items(listed)]
    except NotUnderstood as error:
        return Unavailable(f"cannot be understood: {error}")
    return min(found, key=lambda payment: payment.status is PaymentStatus.FAILED, default=None)


def _charge(request: ChargeRequest) -> Json:
    return {
        "email": request.email,
        "contact": request.contact,
        "amount": request.amount_minor,
        "currency": request.currency,
        "order_id": request.order_ref,
        "customer_id": request.saved.customer_ref,
        "token": request.saved.token_ref,
        "recurring": True,
        "description": request.description,
        "notes": {"receipt": request.receipt},
    }
