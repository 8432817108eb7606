"""`/v1/balance`."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, get

from khata.api.authentication import authenticate
from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.kernel.clock import rfc3339
from khata.kernel.credits import credits_text
from khata.ledger.queries import balance


class ExpiringCredits(msgspec.Struct):
    credits: str
    expires_at: str


class Balance(msgspec.Struct):
    """What can be spent, and what is held for messages under way. `expiring`: the soonest first."""

    available: str
    held: str
    expiring: list[ExpiringCredits]


@get("/v1/balance")
async def read_balance(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_balance, request)))


def _balance(request: Request[Any, Any, Any]) -> Balance:
    caller = authenticate(request, "read")
    now = balance(organisation_id=caller.organisation_id)
    return Balance(
        available=credits_text(now.available),
        held=credits_text(now.held),
        expiring=[ExpiringCredits(credits_text(lot.amount), rfc3339(lot.expires_at)) for lot in now.expiring],
    )
