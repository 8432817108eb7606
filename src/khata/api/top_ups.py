"""`/v1/top-ups`: begin one (the answer says where to pay), read one, list them."""

import re
from functools import partial
from typing import Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.decoding import idempotency_key, read_body
from khata.api.ids import cursor_after, uuid_in_path
from khata.api.query import read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.billing import queries
from khata.billing.operations import start_top_up
from khata.billing.top_up_object import refund_object, top_up_object
from khata.kernel.errors import InvalidRequest, field_problem
from khata.kernel.money import paise_from_text
from khata.payments.ways import PayBy

# Programs write plain decimals. People may group digits, but "100,50" is a hundred to one program and ten thousand
# to another.
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")


class TopUpBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/top-ups`. `amount` is before tax."""

    amount: str
    currency: Literal["INR"] = "INR"
    pay_by: Literal["checkout", "link", "upi_qr"] = "checkout"
    gateway: str | None = None


class Payment(msgspec.Struct):
    """One payment of a top-up, as the gateway last reported it."""

    reference: str
    status: str
    method: str
    amount: str
    bank_reference: str | None
    created_at: str


class Refund(msgspec.Struct):
    """Money of a top-up on its way back, or arrived. `amount` is with tax."""

    id: str
    status: str
    amount: str
    tax: str
    credits: str
    reason: str
    reference: str | None
    bank_reference: str | None
    created_at: str
    finished_at: str | None


class TopUp(msgspec.Struct):
    """A top-up; its `payments` and `refunds` oldest first."""

    id: str
    status: str
    purpose: str
    amount: str
    tax: str
    total: str
    currency: str
    credits: str
    bonus_credits: str
    gateway: str
    pay_by: str
    checkout_url: str
    upi_uri: str | None
    created_at: str
    expires_at: str
    paid_at: str | None
    payments: list[Payment]
    refunds: list[Refund]
    invoice_id: str | None


class TopUpPage(msgspec.Struct):
    data: list[TopUp]
    next_cursor: str | None


@post("/v1/top-ups", status_code=201)
async def create_top_up(request: Request[Any, Any, Any]) -> Any:
    """Begins a top-up. Nothing is paid yet: the payer opens `checkout_url`."""
    body = await read_body(request, TopUpBody)
    key = idempotency_key(request, is_required=True)
    assert key is not None
    top_up, is_replayed = await in_database_thread(partial(_create, request, body, key))
    headers = {"Location": f"/v1/top-ups/{top_up.public_id}"}
    if is_replayed:
        headers["Idempotent-Replayed"] = "true"
    return answer(_shown(top_up), status=201, headers=headers)


@get("/v1/top-ups/{top_up_id:str}")
async def read_top_up(request: Request[Any, Any, Any], top_up_id: FromPath[str]) -> Any:
    return answer(_shown(await in_database_thread(partial(_read, request, top_up_id))))


@get("/v1/top-ups")
async def list_top_ups(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


def _create(request: Request[Any, Any, Any], body: TopUpBody, key: str) -> tuple[queries.TopUpRow, bool]:
    """The top-up as it stands now, and whether the key had made it before."""
    caller = authenticate(request, "billing")
    is_replayed = queries.has_top_up_with_key(organisation_id=caller.organisation_id, idempotency_key=key)
    top_up = start_top_up(
        organisation_id=caller.organisation_id,
        amount_minor=amount_minor(body.amount),
        currency=body.currency,
        idempotency_key=key,
        api_key_id=caller.api_key_id,
        pay_by=PayBy(body.pay_by),
        gateway_code=body.gateway,
    )
    return top_up, is_replayed


def amount_minor(text: str) -> int:
    if not _AMOUNT.fullmatch(text):
        problem = field_problem("amount", "not_an_amount", "Write rupees with at most two decimals, like 1000.00.")
        raise InvalidRequest([problem])
    return paise_from_text(text)


def _read(request: Request[Any, Any, Any], top_up_id: str) -> queries.TopUpRow:
    caller = authenticate(request, "billing")
    return queries.top_up(organisation_id=caller.organisation_id, top_up_id=uuid_in_path("top", top_up_id))


def _list(request: Request[Any, Any, Any]) -> TopUpPage:
    caller = authenticate(request, "billing")
    query = read_query(request, "limit", "cursor")
    page = queries.top_ups(
        organisation_id=caller.organisation_id,
        limit=query.limit(),
        before_id=query.before_id("top"),
    )
    return TopUpPage([_shown(row) for row in page.rows], cursor_after(page, "top"))


def _shown(top_up: queries.TopUpRow) -> TopUp:
    return msgspec.convert(top_up_object(top_up), TopUp)


def shown_refund(refund: queries.RefundRow) -> Refund:
    return msgspec.convert(refund_object(refund), Refund)
