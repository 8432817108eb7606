"""`khata migrate`: brings the database to this version, as its owner, and grants the runtime role what it needs."""

import os

import psycopg
import typer
from django.core.management import call_command
from django.db.utils import OperationalError

from khata.cli import database_url, wiring
from khata.cli.errors import CommandStopped

ADVISORY_LOCK = 0x6B68617461  # "khata"
WAIT_FOR_OTHERS = "60s"
"""How long to wait while another `khata migrate` runs."""
WAIT_FOR_TABLES = "3s"
"""How long a statement may wait for a busy table: every request behind it waits as long."""


def migrate() -> None:
    """Bring the database to this version of Khata. Safe to run at any time, by several at once."""
    environment = wiring.read_environment()
    owner_url: str = environment.database_owner_url
    runtime_role = _role(environment.database_url)
    # Django migrates as whom DATABASE_URL names, and a file would take precedence.
    os.environ.pop("DATABASE_URL_FILE", None)
    os.environ["DATABASE_URL"] = owner_url
    wiring.set_up()
    with database_url.connect(owner_url, name="KHATA_DATABASE_OWNER_URL") as owner:
        _wait_for_others(owner)
        applied_count = _migrate_tables()
        wiring.call(wiring.APPLY_GRANTS, owner, runtime_role)
    typer.echo(f"The database is up to date: {applied_count} migrations applied.")


def _role(url: str) -> str:
    with database_url.connect(url) as connection:
        return connection.info.user


def _wait_for_others(owner: "psycopg.Connection[object]") -> None:
    """The lock goes with the connection, however this process ends."""
    owner.execute(f"SET lock_timeout = '{WAIT_FOR_OTHERS}'")
    try:
        owner.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))
    except psycopg.errors.LockNotAvailable:
        raise CommandStopped(f"Another migration has been running for {WAIT_FOR_OTHERS}: try again later.") from None
    owner.execute(f"SET lock_timeout = '{WAIT_FOR_TABLES}'")


def _migrate_tables() -> int:
    """Returns how many migrations there were to apply."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{WAIT_FOR_TABLES}'")
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise CommandStopped("A table was busy for too long, nothing was changed in it: try again.") from None
        raise
    return len(pending)
