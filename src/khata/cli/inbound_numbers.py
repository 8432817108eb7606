"""`khata inbound-number`: whose are the numbers that phones write to."""

from typing import Annotated

import typer

from khata.cli import wiring
from khata.cli.errors import Misconfigured, one_sentence
from khata.kernel.ids import NotAnId, organisation_id_from_public

inbound_number = typer.Typer(help="Numbers of ours that phones write to, and whose each is.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="A whole number or a short code, digits alone.")]


@inbound_number.command()
def add(
    number: Number,
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its id, org_… on its operator's page.")],
) -> None:
    """What phones send to this number goes to this organisation, from now."""
    wiring.set_up()
    # Django's models cannot be imported before it is set up.
    from khata.messaging.operations.inbound_numbers import register_inbound_number

    try:
        organisation_id = organisation_id_from_public(organisation)
    except NotAnId:
        raise Misconfigured(f"“{organisation}” is no organisation's id, org_ and 13 characters.") from None
    with one_sentence():
        is_new = register_inbound_number(number=number, organisation_id=organisation_id)
    typer.echo(f"{number} is {organisation}'s now." if is_new else f"{number} is {organisation}'s already.")


@inbound_number.command(name="list")
def list_numbers() -> None:
    """Print them, one a line: number, organisation."""
    wiring.set_up()
    from khata.messaging.inbound_queries import inbound_numbers

    with one_sentence():
        numbers = inbound_numbers()
    for each in numbers:
        typer.echo(f"{each.number}\t{each.public_organisation_id}")


@inbound_number.command()
def remove(number: Number) -> None:
    """It is nobody's any more: what phones send there goes to whoever wrote to them last from it."""
    wiring.set_up()
    from khata.messaging.operations.inbound_numbers import release_inbound_number

    with one_sentence():
        release_inbound_number(number=number)
    typer.echo(f"{number} is nobody's now.")
