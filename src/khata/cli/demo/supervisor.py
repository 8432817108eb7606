"""Keeps the demo's processes: starts them, waits until they are ready, restarts what dies, ends them all."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from khata.cli import processes
from khata.cli.demo.children import Child
from khata.cli.demo.interrupts import Interrupts
from khata.cli.demo.readiness import is_ready
from khata.cli.embedded_postgres import EmbeddedDatabase
from khata.cli.errors import CommandStopped, ProcessFailed

READY_DEADLINE_S = 90.0
GRACE_S = 10.0
POLL_INTERVAL_S = 0.1
BACK_OFF_MAX_S = 30.0
STEADY_S = 60.0
"""A child that has lived this long is restarted at once when it dies."""


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    started_at: float = field(default_factory=time.monotonic)
    deaths: int = 0
    restart_at: float | None = None


class Supervisor:
    """`say` tells the person at the terminal what happens. Times are of the monotonic clock."""

    def __init__(self, logs: Path, interrupts: Interrupts, say: Callable[[str], None]) -> None:
        self.database: EmbeddedDatabase | None = None
        self._logs = logs
        self._interrupts = interrupts
        self.say = say
        self._running: list[_Running] = []
        self._database_trouble = ""

    def start(self, children: list[Child]) -> None:
        """Start all and wait until all are ready. Raises `ProcessFailed` with the last words of the one that is not."""
        for child in children:
            self._running.append(_Running(child, self._spawn(child)))
        give_up_at = time.monotonic() + READY_DEADLINE_S
        for running in self._running:
            self._wait_until_ready(running, give_up_at)
            self.say(f"{running.child.name} is ready")
        for running in self._running:
            self._require_alive(running)

    def run_to_end(self, child: Child) -> None:
        """A process that has something to do before the others start. Raises `ProcessFailed`."""
        process = self._spawn(child)
        try:
            while (code := processes.reap(process)) is None:
                time.sleep(POLL_INTERVAL_S / 2)
        finally:
            processes.end(process, grace_s=GRACE_S)
        if code != 0:
            raise ProcessFailed(self._last_words(child, f"failed ({_describe(code)})"))
        self.say(f"{child.name} is done")

    def watch(self) -> None:
        """Until a signal comes: start again what died, later and later when it keeps dying."""
        while not self._interrupts.count:
            self._revive_database()
            for running in self._running:
                self._revive(running)
            time.sleep(POLL_INTERVAL_S)

    def stop(self) -> None:
        """End everything, last started first, the database last. A second signal makes it quick."""
        for running in reversed(self._running):
            processes.end(running.process, grace_s=GRACE_S, is_hurried=lambda: self._interrupts.is_hurried)
        if self.database is not None:
            self.database.stop()

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        return processes.spawn(
            child.command, log=self._log(child.name), environment=child.environment, dies_by=child.dies_by
        )

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _wait_until_ready(self, running: _Running, give_up_at: float) -> None:
        while not is_ready(running.child):
            self._require_alive(running)
            if time.monotonic() > give_up_at:
                raise ProcessFailed(
                    self._last_words(running.child, f"did not become ready within {READY_DEADLINE_S:.0f} s")
                )
            time.sleep(POLL_INTERVAL_S)

    def _require_alive(self, running: _Running) -> None:
        if (code := processes.reap(running.process)) is not None:
            raise ProcessFailed(self._last_words(running.child, f"ended while starting ({_describe(code)})"))

    def _last_words(self, child: Child, what: str) -> str:
        log = self._log(child.name)
        return f"{child.name} {what}. The end of {log}:\n{processes.last_lines(log)}"

    def _revive_database(self) -> None:
        if self.database is None or self.database.pid is not None:
            return
        try:
            self.database.restart()
            self._database_trouble = ""
            self.say("PostgreSQL ended and was started again")
        except CommandStopped as stopped:
            if stopped.detail != self._database_trouble:
                self.say(stopped.detail)
            self._database_trouble = stopped.detail
            time.sleep(1)  # A full disk, say: tried again until there is room or somebody ends the demo.

    def _revive(self, running: _Running) -> None:
        now = time.monotonic()
        if running.restart_at is None:
            if (code := processes.reap(running.process)) is None:
                return
            running.deaths = 1 if now - running.started_at > STEADY_S else running.deaths + 1
            delay_s = min(2.0 ** (running.deaths - 1) - 1, BACK_OFF_MAX_S)
            running.restart_at = now + delay_s
            self.say(f"{running.child.name} ended ({_describe(code)}): starting it again in {delay_s:.0f} s")
        if now >= running.restart_at:
            running.process = self._spawn(running.child)
            running.started_at, running.restart_at = now, None


def _describe(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
