"""`khata invoices`: what the operator's accountant asks for."""

import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from khata.billing.core.numbering import IST
from khata.cli import wiring

invoices = typer.Typer(help="Tax documents of all organisations.", no_args_is_help=True)


@invoices.callback()
def group() -> None:
    """Tax documents of all organisations."""


@invoices.command()
def export(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, in India.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="The day after the last one.")],
    file: Annotated[Path | None, typer.Option("--file", help="Where to write; otherwise it is printed.")] = None,
) -> None:
    """Write the register as CSV: a row for each invoice and, below zero, each credit note; none of test payments."""
    wiring.set_up()
    # Django's models cannot be imported before it is set up.
    from khata.billing.documents.register import register_csv
    from khata.billing.queries.invoices import DocumentFilter, register_of_everyone

    where = DocumentFilter(_midnight(first.date()), _midnight(until.date()))
    lines = register_csv(register_of_everyone(where=where))
    if file is None:
        sys.stdout.writelines(lines)
        return
    with file.open("w", encoding="utf-8", newline="") as output:
        output.writelines(lines)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, IST)
