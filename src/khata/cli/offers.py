"""`khata bonus` and `khata coupon`: more credits from some amount on, or for whoever has a code."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from khata.billing.core.numbering import IST
from khata.billing.core.offers import Coupon
from khata.cli import wiring
from khata.cli.errors import one_sentence
from khata.cli.figures import basis_points, credits_micro, rupees_minor
from khata.kernel.credits import credits_text
from khata.kernel.money import money_text
from khata.pricing.core.bonus import BonusSlab

bonus = typer.Typer(help="More credits for top-ups from some amount on.", no_args_is_help=True)
coupon = typer.Typer(help="More credits for whoever has a code.", no_args_is_help=True)

From = Annotated[str, typer.Option("--from", help="The amount in rupees, before tax, it begins at.")]
Days = Annotated[int | None, typer.Option("--days", help="Bonus credits expire so many days after the payment.")]
Code = Annotated[str, typer.Argument(metavar="CODE", help="Letters, digits and hyphens; capitals do not matter.")]


@bonus.command(name="add")
def add_bonus(
    minimum: From,
    percent: Annotated[str, typer.Option("--percent", help="How much more, like 5 or 7.5.")],
    days: Days = None,
) -> None:
    """Give more credits from an amount on, from now."""
    wiring.set_up()
    # Django's models cannot be imported before it is set up.
    from khata.pricing.operations import add_bonus_slab

    slab = BonusSlab(rupees_minor(minimum), basis_points(percent), days)
    with one_sentence():
        add_bonus_slab(slab)
    typer.echo(f"{percent} percent more from ₹{money_text(slab.minimum_minor)} on.")


@bonus.command(name="list")
def list_bonuses() -> None:
    """Print those in force, one a line: amount in rupees, percent, days until the bonus expires."""
    wiring.set_up()
    from khata.pricing.queries import bonus_slabs

    with one_sentence():
        slabs = bonus_slabs()
    for slab in slabs:
        days = slab.expires_after_days or "never"
        typer.echo(f"{money_text(slab.minimum_minor)}\t{money_text(slab.bonus_bp)}\t{days}")


@bonus.command(name="end")
def end_bonus(minimum: From) -> None:
    """End what begins at this amount. Top-ups already started keep their bonus."""
    wiring.set_up()
    from khata.pricing.operations import end_bonus_slabs

    with one_sentence():
        end_bonus_slabs(minimum_minor=rupees_minor(minimum))
    typer.echo(f"No bonus begins at ₹{money_text(rupees_minor(minimum))} any more.")


@coupon.command(name="add")
def add_coupon_code(
    code: Code,
    percent: Annotated[str | None, typer.Option("--percent", help="How much more, like 10.")] = None,
    credits: Annotated[str | None, typer.Option("--credits", help="Or a number of credits.")] = None,
    minimum: Annotated[str, typer.Option("--minimum", help="The smallest amount in rupees it is for.")] = "0",
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Its last day, in India.")
    ] = None,
    uses: Annotated[int | None, typer.Option("--uses", help="How often in all. An organisation uses it once.")] = None,
    days: Days = None,
) -> None:
    """Offer a code, from now."""
    wiring.set_up()
    from khata.billing.operations.offers import add_coupon

    wanted = Coupon(
        code=code,
        bonus_bp=None if percent is None else basis_points(percent),
        bonus_micro=None if credits is None else credits_micro(credits),
        minimum_minor=rupees_minor(minimum),
        valid_until=None if until is None else until.replace(tzinfo=IST) + timedelta(days=1),
        uses_max=uses,
        expires_after_days=days,
        is_offered=True,
    )
    with one_sentence():
        made = add_coupon(wanted)
    typer.echo(f"{made.code} can be used now.")


@coupon.command(name="list")
def list_coupons() -> None:
    """Print them, newest first, one a line: code, bonus, smallest amount, uses paid, uses in all, whether offered."""
    wiring.set_up()
    from khata.billing.queries import all_coupons

    with one_sentence():
        coupons = all_coupons()
    for each, uses_count in coupons:
        gives = f"{money_text(each.bonus_bp)} %" if each.bonus_bp else f"{credits_text(each.bonus_micro or 0)} credits"
        word = "offered" if each.is_offered else "retired"
        cells = (each.code, gives, money_text(each.minimum_minor), uses_count, each.uses_max or "any", word)
        typer.echo("\t".join(map(str, cells)))


@coupon.command(name="retire")
def retire_coupon_code(code: Code) -> None:
    """Let nobody start with it any more."""
    wiring.set_up()
    from khata.billing.operations.offers import retire_coupon

    with one_sentence():
        retire_coupon(code=code)
    typer.echo(f"{code.upper()} is retired.")
