"""`khata operator`: who may open the operator's pages of the console."""

from typing import Annotated

import typer

from khata.cli import wiring
from khata.cli.errors import one_sentence

operator = typer.Typer(help="Who may open the operator's pages of the console (/operator/).", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail address they sign in with.")]


@operator.command()
def add(email: Email) -> None:
    """Let somebody who has signed up be an operator."""
    wiring.set_up()
    # Django's models cannot be imported before it is set up.
    from khata.tenancy.operators import make_operator

    with one_sentence():
        is_new = make_operator(email=email)
    typer.echo(f"{email} is an operator now." if is_new else f"{email} is an operator already.")


@operator.command()
def remove(email: Email) -> None:
    """Take it away again, at once."""
    wiring.set_up()
    from khata.tenancy.operators import unmake_operator

    with one_sentence():
        was_operator = unmake_operator(email=email)
    typer.echo(f"{email} is no operator any more." if was_operator else f"{email} is no operator.")


@operator.command(name="list")
def list_operators() -> None:
    """Print their e-mail addresses, one a line."""
    wiring.set_up()
    from khata.tenancy.operators import operator_emails

    with one_sentence():
        emails = operator_emails()
    for email in emails:
        typer.echo(email)
