"""`/healthz`: this process lives. `/readyz`: it can do its work, check by check."""

from typing import Any

from litestar import get

from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.kernel.errors import DatabaseUnavailable, ErrorKind, KhataError
from khata.kernel.readiness import is_draining, pending_migrations

OK = "ok"


class NotReady(KhataError):
    """This process cannot do its work just now; `checks` says why."""

    kind = ErrorKind.UNAVAILABLE


@get("/healthz")
async def healthz() -> Any:
    return answer({"status": "ok"})


@get("/readyz")
async def readyz() -> Any:
    checks = {"accepting": "draining" if is_draining() else OK, **await _database_checks()}
    if any(found != OK for found in checks.values()):
        raise NotReady(checks=checks)
    return answer({"status": "ready", "checks": checks})


async def _database_checks() -> dict[str, str]:
    """Asked of the database every time; it says how many, not which: anyone may read this."""
    try:
        pending = await in_database_thread(pending_migrations)
    except DatabaseUnavailable:
        return {"database": "unreachable", "migrations": "not known"}
    return {"database": OK, "migrations": f"{len(pending)} pending" if pending else OK}
