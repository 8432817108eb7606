"""`khata plan`: what customers can subscribe to, month by month."""

from typing import Annotated

import typer

from khata.cli import wiring
from khata.cli.errors import one_sentence
from khata.cli.figures import credits_micro, rupees_minor
from khata.kernel.credits import credits_text
from khata.kernel.money import money_text

plan = typer.Typer(help="Plans: a monthly fee, included credits, a price for more.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(metavar="CODE", help="Small letters, digits and hyphens, like starter-2026.")]


@plan.command()
def add(
    code: Code,
    name: Annotated[str, typer.Option("--name", help="As customers read it.")],
    fee: Annotated[str, typer.Option("--fee", help="Rupees a month before tax, like 999 or 999.50; 0 is free.")],
    credits: Annotated[str, typer.Option("--credits", help="Credits included each month.")],
    per_rupee: Annotated[str, typer.Option("--credits-per-rupee", help="What a rupee of a top-up buys by it.")],
    benefit: Annotated[list[str] | None, typer.Option("--benefit", help="A line on its column; any number.")] = None,
) -> None:
    """Offer a plan; at most three at a time. It is never changed: retire it and add another one."""
    wiring.set_up()
    # Django's models cannot be imported before it is set up.
    from khata.billing.operations.plans import add_plan

    with one_sentence():
        made = add_plan(
            code=code,
            name=name,
            fee_minor=rupees_minor(fee),
            included_micro=credits_micro(credits),
            credits_micro_per_rupee=credits_micro(per_rupee),
            benefits=tuple(benefit or ()),
        )
    typer.echo(f"{made.name} ({made.code}) is offered now.")


@plan.command(name="list")
def list_plans() -> None:
    """Print the plans, one a line: code, name, fee in rupees, included credits, credits per rupee, whether offered."""
    wiring.set_up()
    from khata.billing.queries import all_plans

    with one_sentence():
        plans = all_plans()
    for each in plans:
        fee, included = money_text(each.fee_minor), credits_text(each.included_micro)
        per_rupee = credits_text(each.credits_micro_per_rupee)
        typer.echo("\t".join((each.code, each.name, fee, included, per_rupee, _word(is_offered=each.is_offered))))


@plan.command()
def retire(code: Code) -> None:
    """Offer it to nobody new. Who has it keeps it and may renew it."""
    wiring.set_up()
    from khata.billing.operations.plans import retire_plan

    with one_sentence():
        retire_plan(code=code)
    typer.echo(f"{code} is retired: nobody new can choose it.")


def _word(*, is_offered: bool) -> str:
    return "offered" if is_offered else "retired"
