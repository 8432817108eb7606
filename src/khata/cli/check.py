"""`khata check`: what is misconfigured, each in a sentence."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import typer

from khata.cli import database_url, wiring
from khata.cli.errors import CommandStopped

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DEPLOY_CHECKS_NOT_OURS = frozenset(
    {
        "security.W008",  # Redirecting http to https is the proxy's work, and the API must not redirect at all.
        "security.W021",  # Preloading is the operator's decision about the whole domain.
    }
)


def check() -> None:
    """Print what is misconfigured. Exit 0 if nothing is, 1 otherwise."""
    wiring.set_up()
    environment = wiring.read_environment()
    questions = (_database, _owner, _migrations, _framework, _mode)
    problems = [problem for question in questions for problem in _asked(question, environment)]
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo("Nothing is misconfigured.")


def _asked(question: Callable[[Any], Iterator[str]], environment: Any) -> list[str]:
    try:
        return list(question(environment))
    except CommandStopped as stopped:
        return [stopped.detail]


def _database(environment: Any) -> Iterator[str]:
    with database_url.connect(environment.database_url) as connection:
        row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
        if row is not None and any(row):
            yield "DATABASE_URL: the role is a superuser, whom no grant binds; use an ordinary one."
        for setting in ("fsync", "full_page_writes"):
            if connection.execute(f"SHOW {setting}").fetchone() != ("on",):
                yield f"PostgreSQL's {setting} is off: a power cut may lose paid credits."


def _owner(environment: Any) -> Iterator[str]:
    database_url.require_usable(environment.database_owner_url, name="KHATA_DATABASE_OWNER_URL")
    with database_url.connect(environment.database_url) as connection:
        owned = "SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user LIMIT 1"
        if connection.execute(owned).fetchone() is not None:
            yield "DATABASE_URL: the role owns the tables; let a second role own them (KHATA_DATABASE_OWNER_URL)."


def _migrations(environment: Any) -> Iterator[str]:
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return  # The database's own trouble is told above.
    if pending:
        yield f"{len(pending)} migrations are pending: run `khata migrate`."


def _framework(environment: Any) -> Iterator[str]:
    from django.core.checks import run_checks

    for message in run_checks(include_deployment_checks=not environment.is_sandbox):
        if not message.is_silenced() and message.id not in DEPLOY_CHECKS_NOT_OURS:
            yield f"{message.id}: {message.msg}"


def _mode(environment: Any) -> Iterator[str]:
    if not environment.is_sandbox and not environment.razorpay_key_id:
        yield "KHATA_MODE is live, but KHATA_GATEWAY_RAZORPAY_KEY_ID is not set: nobody could pay."
    if not environment.is_sandbox and urlsplit(environment.razorpay_base_url).hostname in LOOPBACK:
        yield "KHATA_MODE is live, but KHATA_GATEWAY_RAZORPAY_BASE_URL is a gateway on this machine."
