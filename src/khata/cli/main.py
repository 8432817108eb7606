"""The `khata` command. Each subcommand is a file of its own."""

import sys
from typing import Any

import typer

from khata.cli.check.command import check
from khata.cli.demo.command import demo
from khata.cli.errors import CommandStopped
from khata.cli.inbound_numbers import inbound_number
from khata.cli.invoices import invoices
from khata.cli.migrate import migrate
from khata.cli.offers import bonus, coupon
from khata.cli.operators import operator
from khata.cli.plans import plan
from khata.cli.serve import serve
from khata.cli.verify_ledger import verify_ledger
from khata.cli.worker import worker


class KhataGroup(typer.core.TyperGroup):
    """Says why a command stopped: one sentence on stderr, and the exit code of its reason."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CommandStopped as stopped:
            typer.echo(f"khata: {stopped.detail}", err=True)
            sys.exit(stopped.exit_code)


app = typer.Typer(
    cls=KhataGroup,
    help="Prepaid credits for SMS and e-mail.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # Made for screens; ours go to logs, and their locals would show passwords.
)
for command in (demo, serve, worker, migrate, check, verify_ledger):
    app.command()(command)
app.add_typer(operator, name="operator")
app.add_typer(invoices, name="invoices")
app.add_typer(plan, name="plan")
app.add_typer(bonus, name="bonus")
app.add_typer(coupon, name="coupon")
app.add_typer(inbound_number, name="inbound-number")

if __name__ == "__main__":
    app()
