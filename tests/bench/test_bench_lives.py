"""`make bench` still works: every line gives a number. Nothing here looks at how large it is."""

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bench.figures import Figure
from bench.runner import run_lines
from bench.table import print_table
from bench.timing import percentile
from tests.house.project import ROOT

TIMEOUT_S = 840
KEYS = ["name", "value", "unit", "ceiling", "ratio", "note"]
SUBJECTS = (
    "pure core", "acceptance", "POST /v1/messages,", "POST /v1/messages/batch", "mixed", "dispatch", "balance",
    "history", "messages", "disk", "memory",
)  # fmt: skip


def bench(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs it with `folder` for everything temporary."""
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "bench", "--short", *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@pytest.mark.timeout(900)
def test_every_line_gives_a_number_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = bench(tmp_path / "tmp", "--json", str(tmp_path / "build" / "bench.json"))
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "build" / "bench.json").read_text())
    figures = told["figures"]
    assert [list(figure) for figure in figures] == [KEYS] * len(figures)
    assert all(figure["value"] > 0 for figure in figures)
    for figure in figures:
        expected = None if figure["ceiling"] is None else figure["value"] / figure["ceiling"]
        assert figure["ratio"] == expected, figure
        assert f"| {figure['name']} " in done.stdout
    assert [word for word in SUBJECTS if not any(figure["name"].startswith(word) for figure in figures)] == []
    assert told["machine"]["cores_count"] > 0
    assert told["machine"]["processor"] in done.stdout
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.timeout(900)
def test_a_line_that_fails_says_why_and_ends_with_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "no-programs").mkdir()
    done = bench(tmp_path / "tmp", "--only", "single", "core", PATH=str(tmp_path / "no-programs"))
    assert done.returncode == 1
    assert "failed: FileNotFoundError" in done.stdout
    assert "| pure core, 1 wallet " in done.stdout
    assert list((tmp_path / "tmp").iterdir()) == []


class NoServer:
    def stage(self, line: str) -> AbstractContextManager[None]:
        return nullcontext()


def test_a_line_without_a_figure_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.lines import core

    monkeypatch.setattr(core, "measure", lambda stage: [])
    (figure,) = run_lines(NoServer(), ["core"], Console(file=StringIO()))  # type: ignore[arg-type]
    assert not figure.is_measured
    assert figure.note.startswith("failed: NothingMeasured")


def test_what_was_measured_before_a_failure_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.lines import core

    monkeypatch.setattr(core, "measure", lambda stage: (Figure("a", 1 / count, "s") for count in (1, 0)))
    measured, failed = run_lines(NoServer(), ["core"], Console(file=StringIO()))  # type: ignore[arg-type]
    assert (measured.value, failed.value) == (1.0, None)
    assert "division by zero" in failed.note


def test_the_table_is_one_row_per_figure_however_wide() -> None:
    written = StringIO()
    long = Figure("acceptance", 57_123.4, "msg/s", 100_000.0, "n" * 300)
    print_table(Console(file=written, width=40), [long, Figure("p50", 1.2345, "ms")])
    rows = [line for line in written.getvalue().splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert [cell.strip() for cell in rows[2].strip("|").split("|")] == [
        "acceptance", "57,123 msg/s", "100,000 msg/s", "0.57", "n" * 300,
    ]  # fmt: skip
    assert [cell.strip() for cell in rows[3].strip("|").split("|")] == ["p50", "1.23 ms", "", "", ""]


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_the_smallest_value_that_covers_its_share(percent: int, value: int) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == value
