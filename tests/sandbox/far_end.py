"""A far end started as the process its users start, and waited for until its pages answer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from tests.ports import free_port

DEADLINE_S = 60

_T = TypeVar("_T")


def wait_until(condition: Callable[[], _T | None], what: str) -> _T:
    """The first truthy answer of the condition; fails after the deadline."""
    ends_at = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends_at:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {DEADLINE_S} s in vain for {what}")


class FarEnd:
    """`khata-sandbox <name>` with ports and a data folder of its own; may be killed and started again on the same."""

    def __init__(self, name: str, data_dir: Path, **environment: str) -> None:
        self.name, self.data_dir = name, data_dir
        self.port, self.http_port = free_port(), free_port()
        self.environment = environment
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.http_port}", trust_env=False)

    def command(self) -> list[str]:
        ports = ["--port", str(self.port), "--http-port", str(self.http_port)]
        return [sys.executable, "-m", "khata_sandbox.cli", self.name, *ports, "--data-dir", str(self.data_dir)]

    def popen(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(),
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self) -> Self:
        self.process = self.popen()
        wait_until(self._answers, f"the {self.name} to answer")
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends the process by a signal and gives its exit code."""
        self.process.send_signal(number)
        self.output, self.errors = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode

    def get(self, path: str, **query: str) -> Any:
        answer = self.http.get(path, params=query)
        answer.raise_for_status()
        return answer.json()

    def switch_on(self, fault: str, **more: Any) -> None:
        answer = self.http.post("/faults.json", json={"fault": fault, **more})
        assert answer.status_code == 200, answer.text

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the {self.name} ended: {self.process.communicate()}"
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.http.close()
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate(timeout=DEADLINE_S)
