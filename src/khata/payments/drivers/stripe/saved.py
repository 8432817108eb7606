"""Charging a payer again: customers, sessions that keep their method, and payment intents without anybody there.

Such an intent is an order of its own. It says so in its metadata, which its charges repeat.
"""

from khata.payments import facts
from khata.payments.drivers.stripe.entities import INTENT_REF, payment_from, ref_of
from khata.payments.drivers.stripe.listing import read_all
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import (
    Order,
    OrderRequest,
    Payment,
    Refused,
    Unavailable,
    Unknown,
)
from khata.payments.rest import Json, RestClient
from khata.payments.saved_methods import ChargeRequest, Customer, CustomerRequest, SavedMethod

INTENTS = "/v1/payment_intents"

UNATTENDED_MAXIMUM_MINOR = 15_000_00
"""Above it an Indian payer must approve every payment (RBI's e-mandate framework)."""

_MARK = "unattended"


def is_intent_ref(order_ref: str) -> bool:
    return INTENT_REF.fullmatch(order_ref) is not None


def is_ours(entity: Json) -> bool:
    """Of an intent or a charge: whether it was made here without a session."""
    return facts.part(entity, "metadata").get(_MARK) == "true"


def order_ref_of(entity: Json) -> str | None:
    """The intent that is the order of this intent or charge; None for all that belongs to a session."""
    if not is_ours(entity):
        return None
    found = ref_of(entity.get("payment_intent")) or ref_of(entity.get("id"))
    return found if found is not None and is_intent_ref(found) else None


def order_from(intent: Json) -> Order:
    return Order(
        order_ref=facts.reference(intent, "id", INTENT_REF),
        amount_minor=facts.whole(intent, "amount"),
        currency=facts.currency(intent),
        receipt=text(facts.part(intent, "metadata").get("receipt")),
    )


def paid_minor(intent: Json) -> int:
    return facts.whole(intent, "amount_received") if intent.get("status") == "succeeded" else 0


def session_fields(request: OrderRequest) -> dict[str, str]:
    """What a session says besides, where its payer lets us charge again."""
    if request.mandate is None:
        return {}
    return {
        "customer": request.mandate.customer_ref,
        "payment_intent_data[setup_future_usage]": "off_session",
    }


def register_customer(client: RestClient, request: CustomerRequest) -> Customer | Refused | Unavailable | Unknown:
    known = {"name": request.name, "email": request.email, "phone": request.contact}
    form = {name: value for name, value in known.items() if value} | {"metadata[receipt]": request.receipt}
    answer = client.post_form("/v1/customers", form, headers={"idempotency-key": request.receipt})
    if not isinstance(answer, dict):
        return answer
    customer_ref = text(answer.get("id"))
    return Customer(customer_ref) if customer_ref.startswith("cus_") else Unknown("the new customer cannot be read")


def create_intent(
    client: RestClient, request: OrderRequest, saved: SavedMethod
) -> Order | Refused | Unavailable | Unknown:
    form = {
        "amount": str(request.amount_minor),
        "currency": request.currency.lower(),
        "customer": saved.customer_ref,
        "payment_method": saved.token_ref,
        "automatic_payment_methods[enabled]": "true",
        # Nobody is there to be sent anywhere.
        "automatic_payment_methods[allow_redirects]": "never",
        "description": request.description,
        "metadata[receipt]": request.receipt,
        f"metadata[{_MARK}]": "true",
    }
    answer = client.post_form(INTENTS, form, headers={"idempotency-key": request.receipt})
    if not isinstance(answer, dict):
        return answer
    try:
        return order_from(answer)
    except NotUnderstood as error:
        return Unknown(f"the new intent cannot be read: {error}")


def charge(client: RestClient, request: ChargeRequest) -> Payment | Refused | Unavailable | Unknown:
    """An idempotency key lives for a day, so the order's charges are looked up first."""
    found = _payment_of(client, request.order_ref)
    if found is not None:
        return found
    key = {"idempotency-key": f"{request.receipt}-charge"}
    answer = client.post_form(f"{INTENTS}/{request.order_ref}/confirm", {"off_session": "true"}, headers=key)
    if not isinstance(answer, dict):
        return answer
    made = _payment_of(client, request.order_ref)
    return made if isinstance(made, Payment) else Unknown("the new charge cannot be read")


def forget(client: RestClient, saved: SavedMethod) -> Refused | Unavailable | Unknown | None:
    answer = client.post_form(f"/v1/payment_methods/{saved.token_ref}/detach", {})
    return None if isinstance(answer, dict) else answer


def _payment_of(client: RestClient, order_ref: str) -> Payment | Unavailable | None:
    """The intent's charge, one that did not fail before one that did; None where it was never charged."""
    try:
        listed = read_all(client, "/v1/charges", {"payment_intent": order_ref})
        if not isinstance(listed, list):
            # Refused or not, an earlier charge may be there.
            return Unavailable(f"its charges cannot be looked up: {listed}")
        found = min(listed, key=lambda charge: charge.get("status") == "failed", default=None)
        return None if found is None else payment_from(found, order_ref)
    except NotUnderstood as error:
        return Unavailable(f"cannot be understood: {error}")
