"""`khata check`: asks every question and prints what is wrong."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from django.db.utils import Error as DatabaseError

from khata.cli import wiring
from khata.cli.check import carriers, configuration, database, far_ends, ledger
from khata.cli.errors import CommandStopped

QUESTIONS: tuple[Callable[[Any], Iterator[str]], ...] = (
    database.server_and_role,
    database.owner,
    database.migrations,
    database.session,
    ledger.append_only,
    ledger.proofs,
    configuration.prices,
    configuration.jobs,
    configuration.gateway,
    configuration.carrier,
    carriers.bound,
    configuration.supplier,
    configuration.mode,
    configuration.framework,
)


def check(
    online: Annotated[bool, typer.Option("--online", help="Also see whether the far ends can be reached.")] = False,
) -> None:
    """Print what is misconfigured. Exit 0 if nothing is, 1 otherwise."""
    wiring.set_up()
    environment = wiring.read_environment()
    questions = (*QUESTIONS, far_ends.reachable) if online else QUESTIONS
    problems = [problem for question in questions for problem in _asked(question, environment)]
    for problem in dict.fromkeys(problems):
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo("Nothing is misconfigured.")


def _asked(question: Callable[[Any], Iterator[str]], environment: Any) -> list[str]:
    """A database that is away or not migrated has been named by the first questions; the others then say nothing."""
    try:
        return list(question(environment))
    except CommandStopped as stopped:
        return [stopped.detail]
    except DatabaseError:
        return []
