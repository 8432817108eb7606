"""The figures for people: a Markdown table, so that it can be pasted into a document."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.figures import Figure

WIDTH_MAX = 1_000
_PLAIN_FROM = 100
"""Smaller numbers keep three digits, larger ones none behind the point."""


def print_table(console: Console, figures: list[Figure]) -> None:
    table = Table(box=box.MARKDOWN)
    for heading, side in (
        ("figure", "left"),
        ("value", "right"),
        ("ceiling", "right"),
        ("ratio", "right"),
        ("note", "left"),
    ):
        table.add_column(heading, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        cells = (
            figure.name,
            _shown(figure.value, figure.unit),
            _shown(figure.ceiling, figure.unit),
            ratio,
            figure.note,
        )
        table.add_row(*map(Text, cells))
    # As wide as it needs: a row broken into two would be no table any more.
    Console(file=console.file, width=WIDTH_MAX, highlight=False).print(table)


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    number = f"{value:,.0f}" if value >= _PLAIN_FROM else f"{value:.3g}"
    return f"{number} {unit}".strip()
