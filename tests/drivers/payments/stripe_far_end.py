"""A stand-in for the parts of Stripe that no emulator has: Checkout Sessions, idempotency keys, disputes, payouts.

It is written from Stripe's published API and refuses every parameter it does not know, so that a misspelt one is
noticed. Where localstripe can play the part (refunds, signatures of webhooks), test_stripe_on_localstripe.py asks that.
Over real HTTP on loopback; the payer and the dashboard are methods.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

Json = dict[str, Any]
SECRET_KEY, WEBHOOK_SECRET = "sk_test_stand_in_0001", "whsec_stand_in"

_SESSION_FIELDS = re.compile(
    r"mode|client_reference_id|success_url|cancel_url|customer|adaptive_pricing\[enabled\]|metadata\[[^\[\]]{1,40}\]"
    r"|payment_intent_data\[(description|setup_future_usage|metadata\]\[[^\[\]]{1,40})\]"
    r"|line_items\[0\]\[(quantity|price_data\]\[(currency|unit_amount|product_data\]\[name))\]"
)
_REFUND_FIELDS = re.compile(r"charge|amount|metadata\[[^\[\]]{1,40}\]")
_PRICE = "line_items[0][price_data]"


class ApiError(Exception):
    def __init__(self, status: int, code: str, kind: str = "invalid_request_error") -> None:
        super().__init__(code)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": f"Refused: {code}."}}


@dataclass(slots=True)
class StripeFarEnd:
    """What it knows, by id and in order of creation."""

    objects: dict[str, dict[str, Json]] = field(
        default_factory=lambda: {
            name: {} for name in ("sessions", "charges", "refunds", "disputes", "payouts", "lines")
        }
    )
    replies: dict[str, tuple[Any, int, Json]] = field(default_factory=dict)
    """By idempotency key: what was asked for, and what was answered."""
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    # The payer, the bank and the dashboard.

    def pay(self, page: str, *, method: Json | None = None, status: str = "succeeded") -> Json:
        session = self.objects["sessions"][urlsplit(page).path.rsplit("/", 1)[-1]]
        session["payment_intent"] = session["payment_intent"] or new_id("pi_")
        charge = new_charge(session, method or {"type": "upi", "upi": {"vpa": "asha@okbank"}}, status)
        self.objects["charges"][charge["id"]] = charge
        if status != "failed":
            session |= {"status": "complete", "url": None}
        if status == "succeeded":
            session["payment_status"] = "paid"
        return charge

    def dispute(self, charge_ref: str) -> str:
        charge = self.objects["charges"][charge_ref]
        charge["disputed"] = True
        dispute = {
            "object": "dispute",
            "id": new_id("du_"),
            "charge": charge_ref,
            "payment_intent": charge["payment_intent"],
            "amount": charge["amount"],
            "currency": charge["currency"],
            "status": "needs_response",
            "reason": "fraudulent",
            "evidence_details": {"due_by": int(time.time()) + 604_800},
            "created": int(time.time()),
        }
        self.objects["disputes"][dispute["id"]] = dispute
        return str(dispute["id"])

    def refund_in_dashboard(self, charge_ref: str, amount_minor: int) -> Json:
        with self.lock:
            return self._create_refund({"charge": charge_ref, "amount": str(amount_minor)})

    def events_of(self, session_ref: str) -> list[tuple[bytes, dict[str, str]]]:
        session = self.objects["sessions"][session_ref]
        charges = [c for c in self.objects["charges"].values() if c["payment_intent"] == session["payment_intent"]]
        told = [("checkout.session.completed", session), *(("charge.succeeded", charge) for charge in charges)]
        return [signed(event(kind, subject)) for kind, subject in told]

    # The API.

    def answer(self, method: str, path: str, fields: dict[str, str], headers: dict[str, str]) -> tuple[int, Json]:
        with self.lock:
            try:
                if headers.get("authorization") != "Basic " + base64.b64encode(f"{SECRET_KEY}:".encode()).decode():
                    raise ApiError(401, "api_key_invalid")
                return self._post(path, fields, headers) if method == "POST" else (200, self._get(path, fields))
            except ApiError as error:
                return error.status, error.body

    def _post(self, path: str, fields: dict[str, str], headers: dict[str, str]) -> tuple[int, Json]:
        key = headers["idempotency-key"]
        if key in self.replies:
            asked, status, body = self.replies[key]
            if asked != (path, fields):
                raise ApiError(400, "idempotency_key_reused", "idempotency_error")
            return status, body
        body = {"/v1/checkout/sessions": self._create_session, "/v1/refunds": self._create_refund}[path](fields)
        self.replies[key] = ((path, fields), 200, json.loads(json.dumps(body)))
        return 200, body

    def _create_session(self, fields: dict[str, str]) -> Json:
        _check_known(fields, _SESSION_FIELDS)
        amount = int(fields[f"{_PRICE}[unit_amount]"])
        if fields["mode"] != "payment" or "{CHECKOUT_SESSION_ID}" not in fields["success_url"]:
            raise ApiError(400, "parameter_invalid")
        if amount < 50:
            raise ApiError(400, "amount_too_small")
        session_ref = "cs_test_" + uuid4().hex + uuid4().hex[:26]
        session = {
            "object": "checkout.session",
            "id": session_ref,
            "mode": "payment",
            "client_reference_id": fields["client_reference_id"],
            "amount_total": amount,
            "currency": fields[f"{_PRICE}[currency]"],
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "url": f"{self.url}/c/pay/{session_ref}#long-and-not-to-be-guessed",
            "livemode": False,
            "created": int(time.time()),
        }
        self.objects["sessions"][session_ref] = session
        return session

    def _create_refund(self, fields: dict[str, str]) -> Json:
        _check_known(fields, _REFUND_FIELDS)
        charge = self.objects["charges"].get(fields["charge"])
        if charge is None:
            raise ApiError(404, "resource_missing")
        amount = int(fields["amount"])
        if charge["amount_refunded"] + amount > charge["amount"]:
            raise ApiError(400, "charge_already_refunded")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        refund = {
            "object": "refund",
            "id": new_id("re_"),
            "charge": charge["id"],
            "payment_intent": charge["payment_intent"],
            "amount": amount,
            "currency": charge["currency"],
            "status": "succeeded",
            "metadata": {name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")},
            "destination_details": {"type": "card", "card": {"reference": "74291"}},
            "created": int(time.time()),
        }
        self.objects["refunds"][str(refund["id"])] = refund
        return refund

    def _get(self, path: str, query: dict[str, str]) -> Json:
        known = {
            "/v1/checkout/sessions": "sessions",
            "/v1/charges": "charges",
            "/v1/refunds": "refunds",
            "/v1/disputes": "disputes",
            "/v1/payouts": "payouts",
            "/v1/balance_transactions": "lines",
        }
        if path in known:
            return _page(list(self.objects[known[path]].values()), query)
        folder, _, ref = path.rpartition("/")
        found = self.objects[known[folder]].get(ref) if folder in known else None
        if found is None:
            raise ApiError(404, "resource_missing")
        return found


def new_id(prefix: str) -> str:
    return prefix + uuid4().hex[:24]


def new_charge(session: Json, method: Json, status: str) -> Json:
    is_taken, is_failed = status == "succeeded", status == "failed"
    return {
        "object": "charge",
        "id": new_id("ch_"),
        "payment_intent": session["payment_intent"],
        "amount": session["amount_total"],
        "amount_refunded": 0,
        "currency": session["currency"],
        "status": status,
        "captured": is_taken,
        "refunded": False,
        "disputed": False,
        "payment_method_details": method,
        "authorization_code": "A1B2C3" if is_taken else None,
        "failure_code": "card_declined" if is_failed else None,
        "failure_message": "Your card was declined." if is_failed else None,
        "outcome": {"type": "issuer_declined", "reason": "insufficient_funds"} if is_failed else {"type": "authorized"},
        "created": int(time.time()),
    }


def event(kind: str, subject: Json, **changes: Any) -> bytes:
    body = {"object": "event", "id": new_id("evt_"), "type": kind, "livemode": False, "data": {"object": subject}}
    return json.dumps(body | changes).encode()


def signed(body: bytes, secret: str = WEBHOOK_SECRET, at_s: int | None = None) -> tuple[bytes, dict[str, str]]:
    at_s = int(time.time()) if at_s is None else at_s
    signature = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"stripe-signature": f"t={at_s},v1={signature},v0=of-old"}


def _check_known(fields: dict[str, str], known: re.Pattern[str]) -> None:
    if any(not known.fullmatch(name) for name in fields):
        raise ApiError(400, "parameter_unknown")


def _page(items: list[Json], query: dict[str, str]) -> Json:
    """Newest first, as every list of Stripe's."""
    filters = dict(query)
    limit, after = int(filters.pop("limit")), filters.pop("starting_after", None)
    found = [item for item in reversed(items) if all(_fits(item, name, value) for name, value in filters.items())]
    if after is not None:
        found = found[[item["id"] for item in found].index(after) + 1 :]
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit}


def _fits(item: Json, name: str, value: str) -> bool:
    edge = re.fullmatch(r"(created|arrival_date)\[(gte|lt)\]", name)
    if edge is None:
        return bool(item[name] == value)
    return bool(item[edge[1]] >= int(value)) if edge[2] == "gte" else bool(item[edge[1]] < int(value))


class StripeServer:
    """`far_end` behind HTTP on a free port."""

    def __init__(self, far_end: StripeFarEnd | None = None) -> None:
        self.far_end = far_end or StripeFarEnd()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.far_end))
        self.far_end.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def _handler(far_end: StripeFarEnd) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])).decode())

        def _answer(self, form: str) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = far_end.answer(self.command, urlsplit(self.path).path, dict(parse_qsl(form)), headers)
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    return Handler
