"""The database: who we are there, what the server promises, how far it is migrated."""

from collections.abc import Iterator
from typing import Any

from khata.cli import database_url
from khata.kernel.readiness import pending_migrations

PROMISES = {
    "fsync": "a power cut may lose paid credits",
    "full_page_writes": "a power cut may lose paid credits",
    "synchronous_commit": "what was answered may be lost in a crash",
}
"""Server settings that must not be off."""


def server_and_role(environment: Any) -> Iterator[str]:
    with database_url.connect(environment.database_url) as connection:
        row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
        if row is not None and any(row):
            yield "DATABASE_URL: the role is a superuser, whom no grant binds; use an ordinary one."
        for setting, loss in PROMISES.items():
            if connection.execute("SELECT current_setting(%s)", (setting,)).fetchone() == ("off",):
                yield f"PostgreSQL's {setting} is off: {loss}."


def owner(environment: Any) -> Iterator[str]:
    database_url.require_usable(environment.database_owner_url, name="KHATA_DATABASE_OWNER_URL")
    with database_url.connect(environment.database_url) as connection:
        owned = "SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user LIMIT 1"
        if connection.execute(owned).fetchone() is not None:
            yield "DATABASE_URL: the role owns the tables; let a second role own them (KHATA_DATABASE_OWNER_URL)."


def migrations(environment: Any) -> Iterator[str]:
    pending = pending_migrations()
    if pending:
        yield f"{len(pending)} migrations are pending: run `khata migrate`."


def session(environment: Any) -> Iterator[str]:
    """As Khata's own connections find it: a pooler in between may drop the settings they ask for."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('jit'), current_setting('lock_timeout')")
        jit, lock_timeout = cursor.fetchone()
    if jit == "on":
        yield "PostgreSQL's jit is on in our sessions (does a pooler drop options?): short statements pay."
    if lock_timeout == "0":
        yield "PostgreSQL's lock_timeout is 0 in our sessions (does a pooler drop options?): a request may hang."
