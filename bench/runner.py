"""Runs the lines one after the other. A line that fails says so in the table and spoils no other."""

import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pkgutil import resolve_name

from rich.console import Console

from bench.figures import Figure
from bench.stage import Server, Stage
from khata.kernel.memory import settle_memory


class NothingMeasured(Exception):
    """The line came to its end without a figure."""


Measure = Callable[[Stage], Iterable[Figure]]


def run_lines(server: Server, names: Sequence[str], console: Console) -> list[Figure]:
    figures: list[Figure] = []
    # As in a process that serves.
    settle_memory()
    for name in names:
        began = time.monotonic()
        console.print(f"{name} …", highlight=False)
        figures += _run_line(server, name, console)
        console.print(f"{name}: {time.monotonic() - began:.0f} s", highlight=False)
    return figures


def _run_line(server: Server, name: str, console: Console) -> list[Figure]:
    """What was measured before a failure stays."""
    figures: list[Figure] = []
    try:
        # Only now: a line imports models, and they want Django set up.
        measure: Measure = resolve_name(f"bench.lines.{name}:measure")
        with server.stage(name) as stage:
            for figure in measure(stage):
                figures.append(figure)  # noqa: PERF402 - one by one, so that a failure keeps those before it
        if not figures:
            raise NothingMeasured
    except Exception as error:
        console.print(traceback.format_exc(), markup=False, highlight=False)
        figures.append(Figure(name, None, "", note=f"failed: {_first_line(error)}"))
    return figures


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
