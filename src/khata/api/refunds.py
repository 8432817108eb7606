"""`/v1/top-ups/{id}/refunds`: gives money of a paid top-up back, with the credits it bought."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, post
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.decoding import idempotency_key, read_body
from khata.api.ids import uuid_in_path
from khata.api.threads import in_database_thread
from khata.api.top_ups import Refund, amount_minor, shown_refund
from khata.api.wire import answer
from khata.billing import queries
from khata.billing.operations import start_refund
from khata.kernel.ids import public_id


class RefundBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/top-ups/{id}/refunds`. Without `amount` all that is not refunded yet."""

    amount: str | None = None
    reason: str = ""


@post("/v1/top-ups/{top_up_id:str}/refunds", status_code=201)
async def create_refund(request: Request[Any, Any, Any], top_up_id: FromPath[str]) -> Any:
    """Begins a refund. Its credits are gone at once; when the money arrives is the banks' to say."""
    body = await read_body(request, RefundBody)
    key = idempotency_key(request, is_required=True)
    assert key is not None
    refund, is_replayed = await in_database_thread(partial(_create, request, top_up_id, body, key))
    headers = {"Location": f"/v1/top-ups/{top_up_id}"}
    if is_replayed:
        headers["Idempotent-Replayed"] = "true"
    return answer(refund, status=201, headers=headers)


def _create(request: Request[Any, Any, Any], top_up_id: str, body: RefundBody, key: str) -> tuple[Refund, bool]:
    """The refund as it stands now, and whether the key had made it before."""
    caller = authenticate(request, "billing")
    top_up = queries.top_up(organisation_id=caller.organisation_id, top_up_id=uuid_in_path("top", top_up_id))
    is_replayed = queries.has_refund_with_key(top_up_id=top_up.id, idempotency_key=key)
    refund = start_refund(
        top_up_id=top_up.id,
        amount_minor=None if body.amount is None else amount_minor(body.amount),
        idempotency_key=key,
        reason=body.reason,
        started_by=public_id("key", caller.api_key_id),
    )
    return shown_refund(refund), is_replayed
