"""`python -m bench`: measures, prints the table, writes the JSON. Exit code 1 when a line failed."""

import argparse
import json
import signal
import sys
from pathlib import Path

from rich.console import Console

from bench.figures import Figure
from bench.lines import LINES
from bench.machine import Machine, machine
from bench.runner import run_lines
from bench.scale import FULL, SHORT
from bench.stage import running_server
from bench.table import print_table


def main() -> int:
    # As for Ctrl-C: what was started is ended, and the temporary folder goes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    wanted = _arguments()
    with running_server(SHORT if wanted.short else FULL) as server:
        here = machine(server.superuser_url, server.folder)
        server.set_up_django()
        figures = run_lines(server, wanted.only or LINES, Console(stderr=True))
    if wanted.json:
        _write_json(wanted.json, here, figures)
    _show(here, figures)
    return 0 if all(figure.is_measured for figure in figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What Khata does, beside what could be done.")
    parser.add_argument("--short", action="store_true", help="tiny sizes, to see that every line still works")
    parser.add_argument("--only", nargs="+", choices=LINES, metavar="NAME", help=f"some lines of {', '.join(LINES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser.parse_args()


def _write_json(path: Path, here: Machine, figures: list[Figure]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": here.as_json(), "figures": [figure.as_json() for figure in figures]}
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _show(here: Machine, figures: list[Figure]) -> None:
    console = Console(highlight=False)
    print_table(console, figures)
    console.print(f"\n{here}", markup=False, soft_wrap=True)
    for warning in here.warnings():
        console.print(f"Warning: {warning}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
