"""Whether this process can do its work: the database migrated as its code expects, and not about to stop."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

_STATE = {"is_draining": False}


def begin_draining() -> None:
    """From now on this process takes no new work."""
    _STATE["is_draining"] = True


def is_draining() -> bool:
    return _STATE["is_draining"]


def pending_migrations() -> list[str]:
    """Those this code brings and the database does not have yet, as `ledger.0003_proof_runs`; one short query."""
    missing = _brought_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    return sorted(f"{app}.{name}" for app, name in missing)


@cache
def _brought_migrations() -> frozenset[tuple[str, str]]:
    """Read from the installed files once: they do not change under a running process."""
    loader = MigrationLoader(None)
    return frozenset(key for key in loader.disk_migrations if key in loader.graph.nodes)
