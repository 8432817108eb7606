"""`/healthz`: this process lives. `/readyz`: it can do its work, which needs the database, migrated."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from litestar import Request, get

from khata.api.threads import in_database_thread
from khata.api.wire import answer
from khata.kernel.errors import DatabaseUnavailable


@get("/healthz")
async def healthz() -> Any:
    return answer({"status": "ok"})


@get("/readyz")
async def readyz(request: Request[Any, Any, Any]) -> Any:
    await in_database_thread(_check_migrated)
    return answer({"status": "ready"})


def _check_migrated() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise DatabaseUnavailable("The database is not migrated: run `khata migrate`.")
