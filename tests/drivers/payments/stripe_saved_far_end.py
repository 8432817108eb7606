"""The stand-in's other half: customers, payment methods kept with them, and payment intents without anybody there."""

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .stripe_far_end import ApiError, Json, StripeFarEnd, new_charge, new_id

_CUSTOMER_FIELDS = re.compile(r"name|email|phone|metadata\[receipt\]")
_INTENT_FIELDS = re.compile(
    r"amount|currency|customer|payment_method|description|metadata\[[a-z]{1,40}\]"
    r"|automatic_payment_methods\[(enabled|allow_redirects)\]"
)
_CONFIRM_FIELDS = re.compile(r"off_session")


@dataclass
class StripeSavedFarEnd(StripeFarEnd):
    """`customers`, `intents` and which payment method belongs to whom; `refusal` is what the bank says next."""

    customers: dict[str, Json] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    sessions_asked: dict[str, dict[str, str]] = field(default_factory=dict)
    refusal: str = ""

    def pay(self, page: str, *, method: Json | None = None, status: str = "succeeded") -> Json:
        charge = super().pay(page, method=method, status=status)
        asked = self.sessions_asked[urlsplit(page).path.rsplit("/", 1)[-1]]
        charge["payment_method"] = new_id("pm_")
        charge["customer"] = asked.get("customer")
        if asked.get("payment_intent_data[setup_future_usage]") == "off_session" and status == "succeeded":
            self.owners[charge["payment_method"]] = asked["customer"]
        return charge

    def _post(self, path: str, fields: dict[str, str], headers: dict[str, str]) -> tuple[int, Json]:
        if path.startswith("/v1/payment_methods/"):
            return 200, self._detach(path.split("/")[3])
        made = {"/v1/customers": self._create_customer, "/v1/payment_intents": self._create_intent}.get(path)
        if path.endswith("/confirm"):
            return 200, self._confirm(path.split("/")[3], fields)
        if made is None:
            return super()._post(path, fields, headers)
        key = headers["idempotency-key"]
        if key not in self.replies:
            self.replies[key] = ((path, fields), 200, made(fields))
        asked, status, body = self.replies[key]
        if asked != (path, fields):
            raise ApiError(400, "idempotency_key_reused", "idempotency_error")
        return status, body

    def _create_session(self, fields: dict[str, str]) -> Json:
        session = super()._create_session(fields)
        self.sessions_asked[session["id"]] = fields
        return session

    def _create_customer(self, fields: dict[str, str]) -> Json:
        _check(fields, _CUSTOMER_FIELDS)
        customer = {"object": "customer", "id": new_id("cus_"), "email": fields["email"]}
        self.customers[str(customer["id"])] = customer
        return customer

    def _create_intent(self, fields: dict[str, str]) -> Json:
        _check(fields, _INTENT_FIELDS)
        if self.owners.get(fields["payment_method"]) != fields["customer"]:
            raise ApiError(400, "resource_missing")
        intent = {
            "object": "payment_intent",
            "id": new_id("pi_"),
            "amount": int(fields["amount"]),
            "amount_received": 0,
            "currency": fields["currency"],
            "customer": fields["customer"],
            "payment_method": fields["payment_method"],
            "status": "requires_confirmation",
            "metadata": {name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")},
            "livemode": False,
            "created": int(time.time()),
        }
        self.intents[str(intent["id"])] = intent
        return intent

    def _confirm(self, intent_ref: str, fields: dict[str, str]) -> Json:
        _check(fields, _CONFIRM_FIELDS)
        intent = self.intents[intent_ref]
        if self.owners.get(intent["payment_method"]) != intent["customer"]:
            raise ApiError(400, "payment_method_unexpected_state")
        if intent["status"] == "succeeded":
            raise ApiError(400, "payment_intent_unexpected_state")
        charge = self._charge(intent)
        if self.refusal:
            raise ApiError(402, self.refusal, "card_error")
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
        return intent

    def _charge(self, intent: Json) -> Json:
        paid = {"payment_intent": intent["id"], "amount_total": intent["amount"], "currency": intent["currency"]}
        method = {"type": "card", "card": {"brand": "visa", "last4": "4242"}}
        charge = new_charge(paid, method, "failed" if self.refusal else "succeeded")
        charge |= {"payment_method": intent["payment_method"], "metadata": intent["metadata"]}
        if self.refusal:
            charge |= {"failure_code": self.refusal, "outcome": {"type": "issuer_declined", "reason": self.refusal}}
        self.objects["charges"][charge["id"]] = charge
        return charge

    def _detach(self, method_ref: str) -> Json:
        if self.owners.pop(method_ref, None) is None:
            raise ApiError(404, "resource_missing")
        return {"object": "payment_method", "id": method_ref, "customer": None}

    def _get(self, path: str, query: dict[str, str]) -> Json:
        if not path.startswith("/v1/payment_intents/"):
            return super()._get(path, query)
        found: Any = self.intents.get(path.rsplit("/", 1)[-1])
        if found is None:
            raise ApiError(404, "resource_missing")
        return dict(found)


def _check(fields: dict[str, str], known: re.Pattern[str]) -> None:
    if any(not known.fullmatch(name) for name in fields):
        raise ApiError(400, "parameter_unknown")
