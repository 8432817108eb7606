"""`/v1/balance`."""

from functools import partial
from typing import Any

from litestar import Request, get

from khata.api.authentication import authenticate
from khata.api.threads import in_database_thread
from khata.api.wire import answer, instant
from khata.kernel.credits import credits_text
from khata.ledger.queries import balance


@get("/v1/balance")
async def read_balance(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_balance, request)))


def _balance(request: Request[Any, Any, Any]) -> dict[str, Any]:
    caller = authenticate(request, "read")
    now = balance(organisation_id=caller.organisation_id)
    return {
        "available": credits_text(now.available),
        "held": credits_text(now.held),
        "expiring": [
            {"credits": credits_text(lot.amount), "expires_at": instant(lot.expires_at)} for lot in now.expiring
        ],
    }
