"""A demo under test: its processes and how to kill them, and what is true in its database and at its far ends."""

import json
import os
import random
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg

from khata.cli.embedded_postgres import OWNER, PASSWORDS_FILE
from khata.messaging.core.hand_over import LEASE_S, RENEWAL_S
from tests.cli.test_demo import KHATA, Ready, demo, family, survivors
from tests.cli.waiting import wait_until

Part = Literal["web", "worker", "postgres"]
_WORD_OF: dict[Part, str] = {"web": "serve", "worker": "worker", "postgres": "-D"}

_DEAD_AFTER_S = 1.5 * RENEWAL_S
_LET_RUN_OUT = """
    update messaging_workerlease set leased_until = now() where leased_until < now() + make_interval(secs => %s)
"""
_TIMEOUT_S = 30.0


@contextmanager
def demo_folder() -> Iterator[Path]:
    """A folder of its own, gone afterwards. PostgreSQL may run as another user, who must pass through."""
    with tempfile.TemporaryDirectory(prefix="khata-faults-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


@contextmanager
def running_demo() -> Iterator["RunningDemo"]:
    """A fresh demo; at its end the ledger is proved and SIGTERM must leave no process."""
    with demo_folder() as folder, demo(folder) as (process, ready):
        running = RunningDemo(process, ready, folder)
        yield running
        code, words = running.verify_ledger()
        assert code == 0, words
        running.end()


@dataclass(frozen=True, slots=True)
class RunningDemo:
    process: subprocess.Popen[str]
    ready: Ready
    folder: Path

    def kill(self, part: Part) -> None:
        """SIGKILL for the whole process group of a part, and until it is gone; the demo starts it again by itself."""
        victim = self._find(part)
        os.killpg(victim.pid, signal.SIGKILL)
        wait_until(lambda: survivors([victim]) == [], f"the {part} was gone")

    def process_id(self, part: Part) -> int:
        return int(self._find(part).pid)

    def kill_backend(self, chance: random.Random) -> None:
        """SIGKILL for one of Khata's database connections: PostgreSQL then ends all of them and recovers.

        A PostgreSQL that has just come back may have none yet, and a connection may end before it is struck.
        """

        def struck() -> bool:
            backends = self._backends()
            if not backends:
                return False
            victim = chance.choice(backends)
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                return False
            wait_until(lambda: survivors([victim]) == [], "the backend was gone")
            return True

        wait_until(struck, "a backend was struck")

    def end(self) -> None:
        """SIGTERM: exit code 0, and every process it had is gone."""
        processes = family(self.process)
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0
        assert survivors(processes) == []

    def kill_parent(self) -> None:
        """SIGKILL for the demo alone; its children must follow by themselves."""
        processes = family(self.process)
        self.process.kill()
        self.process.wait()
        # Orderly: each lets its far ends answer first, while the database is going too.
        wait_until(lambda: survivors(processes) == [], "every process followed the demo", deadline_s=180)

    def verify_ledger(self) -> tuple[int, str]:
        """Exit code and words of `khata verify-ledger` on the demo's database."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KHATA_", "DATABASE_"))}
        environment = inherited | {"DATABASE_URL": self.ready["database_url"], "KHATA_SECRET_KEY": "faults-" * 8}
        command = [str(KHATA), "verify-ledger"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def select(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.ready["database_url"]) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def as_owner(self) -> psycopg.Connection[Any]:
        """What may be done by hand and Khata's processes may not."""
        password = json.loads((self.folder / PASSWORDS_FILE).read_text())["owner"]
        parts = urlsplit(self.ready["database_url"])
        place = f"{OWNER}:{password}@{parts.hostname}:{parts.port}"
        return psycopg.connect(urlunsplit(parts._replace(netloc=place)), autocommit=True)

    def let_dead_leases_run_out(self) -> None:
        """Makes their minute pass at once, for workers that renew no more; those that live may judge them."""
        with self.as_owner() as connection:
            connection.execute(_LET_RUN_OUT, (LEASE_S - _DEAD_AFTER_S,))
            connection.execute("update messaging_workerlease set unbroken_since = now() - interval '1 hour'")

    def submits(self, *, after: int = 0) -> list[dict[str, Any]]:
        """What the SMSC was given, in order of arrival."""
        return list(self._get(f"{self.ready['phone_url']}/submits.json?after={after}").json())

    def switch_smsc_fault_on(self, fault: str, **more: object) -> None:
        self._tell_smsc("POST", "/faults.json", json={"fault": fault, **more})

    def switch_smsc_faults_off(self) -> None:
        self._tell_smsc("DELETE", "/faults.json")

    def balance(self) -> tuple[int, int]:
        """Whole credits available and held."""
        answer = self._get(f"{self.ready['api_url']}/balance", Authorization=f"Bearer {self.ready['api_key']}")
        assert answer.status_code == 200, answer.text
        return int(answer.json()["available"]), int(answer.json()["held"])

    def is_ready(self) -> bool:
        try:
            return self._get(f"{self.ready['console_url']}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def _find(self, part: Part) -> psutil.Process:
        found: list[psutil.Process] = []

        def is_there() -> bool:
            found[:] = [child for child in psutil.Process(self.process.pid).children() if _is(child, part)]
            return bool(found)

        wait_until(is_there, f"there was a {part}")
        return found[0]

    def _backends(self) -> list[psutil.Process]:
        """Khata's database connections, as PostgreSQL's processes."""
        try:
            children = self._find("postgres").children()
            return [child for child in children if "khata_app" in " ".join(child.cmdline())]
        except psutil.NoSuchProcess:
            return []

    def _tell_smsc(self, method: str, path: str, **more: Any) -> None:
        url = f"{self.ready['phone_url']}{path}"
        answer = httpx.request(method, url, timeout=_TIMEOUT_S, trust_env=False, **more)
        assert answer.status_code == 200, answer.text

    def _get(self, url: str, **headers: str) -> httpx.Response:
        return httpx.get(url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)


def _is(process: psutil.Process, part: Part) -> bool:
    try:
        return _WORD_OF[part] in process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
