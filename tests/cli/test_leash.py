"""Children end with the process that started them, even when it had no time to say so."""

from pathlib import Path

import pytest

from khata.cli import leash, processes

from .starters import WATCHED_FROM_BESIDE, altered_leash, starter
from .waiting import is_running, wait_until

SPAWN_AND_STAY = """
import os, sys, time
from pathlib import Path
from khata.cli import leash, processes
leash.__file__ = {leash!r}
child = processes.spawn(
    [sys.executable, "-c", "import time; time.sleep(600)"], log=Path({log!r}), environment=dict(os.environ)
)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["by the kernel", "by a watcher beside it"])
def test_a_child_ends_when_its_starter_is_killed(tmp_path: Path, how: str) -> None:
    program = leash.__file__ if how == "by the kernel" else str(altered_leash(tmp_path, WATCHED_FROM_BESIDE))
    with starter(SPAWN_AND_STAY.format(leash=program, log=str(tmp_path / "child.log"))) as (process, (pid,)):
        assert is_running(int(pid))
        process.kill()
        wait_until(lambda: not is_running(int(pid)), "the child followed its starter")


def test_a_child_that_ignores_the_request_is_killed_with_its_whole_group(tmp_path: Path) -> None:
    stubborn = "trap '' TERM; sleep 600 & echo $!; while :; do wait; done"
    log = tmp_path / "child.log"
    child = processes.spawn(["/bin/sh", "-c", stubborn], log=log, environment={"PATH": "/usr/bin:/bin"})
    wait_until(lambda: processes.last_lines(log) != "", "the child has a child of its own")
    grandchild = int(processes.last_lines(log))
    processes.end(child, grace_s=0.1)
    assert not is_running(child.pid)
    wait_until(lambda: not is_running(grandchild), "the grandchild ended too")


def test_a_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_SIZE_MAX", 3)
    log = tmp_path / "child.log"
    for words in (b"first", b"second"):
        with processes.open_log(log) as output:
            output.write(words)
    assert (tmp_path / "child.log.1").read_text() == "first"
    assert log.read_text() == "second"
