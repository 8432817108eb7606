"""Everything messages need, in processes of its own: PostgreSQL, web server, two workers, and the sandbox's SMSC.

Three carriers with different ways of writing ids are one SMSC under three system ids; three routes have three policies.
"""

import json
import os
import signal
import subprocess
import sys
import sysconfig
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psycopg

from khata.cli import embedded_postgres, processes
from khata.messaging.core.hand_over import LEASE_S, RENEWAL_S
from tests.cli.waiting import wait_until
from tests.ports import free_port
from tests.sandbox.far_end import FarEnd

from .messages_customers import Customer

KHATA = Path(sysconfig.get_path("scripts")) / "khata"
WORKERS_COUNT = 2
PASSWORD = "simulate"
RECEIPT_DELAY_MS = 50
MESSAGE_IDS = {"first": "hex", "second": "decimal_in_receipts", "third": "hex_in_receipts"}
"""By carrier, which is a system at the SMSC."""
CARRIER = """
[[carriers]]
name = "{name}"
driver = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "{name}"
password_env = "SIMULATED_PASSWORD"
window = 8
message_ids = "{message_ids}"
can_query = true
enquire_link_s = 2
response_timeout_s = 3
reconnect_max_s = 1
"""
ROUTES = """
[[routes]]
name = "resent"
prefixes = ["9197"]
carriers = ["first", "second"]
is_safe_to_resend = true

[[routes]]
name = "delivered"
prefixes = ["9198"]
carriers = ["second", "third"]
charge_on = "delivered"
credits_kept_per_segment = "0.1"

[[routes]]
name = "accepted"
carriers = ["third", "first"]
"""
_DEADLINE_S = 120.0
_DEAD_AFTER_S = 1.5 * RENEWAL_S
# In the order everybody locks in, messages before their parts.
_LOCK_OPEN = """
    select from messaging_message where finished_at is null order by shard, organisation_id, id for update
"""
_MOVE_MESSAGES = """
    update messaging_message set submitted_at = submitted_at - make_interval(hours => %s) where finished_at is null
"""
_MOVE_PARTS = """
    update messaging_awaitedpart set submitted_at = submitted_at - make_interval(hours => %s), due_at = now()
"""
_LET_LEASES_RUN_OUT = """
    update messaging_workerlease set leased_until = now() where leased_until < now() + make_interval(secs => %s)
"""


class Stack:
    """Runs while the `with` block lasts. `customers` are funded as asked for, one after the other."""

    def __init__(self, folder: Path, seed: int, credits: tuple[int, ...]) -> None:
        self._folder = folder
        self._credits = credits
        self._exits = ExitStack()
        self._workers: list[subprocess.Popen[bytes]] = []
        self.smsc = FarEnd(
            "smsc",
            folder / "smsc",
            SANDBOX_SMSC_SEED=str(seed),
            SANDBOX_SMSC_ACCOUNTS=" ".join(f"{name}:{PASSWORD}" for name in MESSAGE_IDS),
            SANDBOX_SMSC_RECEIPT_DELAY_MS=str(RECEIPT_DELAY_MS),
        )
        self.customers: tuple[Customer, ...] = ()

    def kill_worker(self, number: int) -> None:
        """SIGKILL; another one takes its place at once."""
        self._end(self._workers[number], signal.SIGKILL)
        self._workers[number] = self._spawn(f"worker-{number}", "worker")

    def send(self, customer: Customer, messages: list[dict[str, str]], key: str) -> list[dict[str, str]]:
        """By the API's batch: one result for each message, also where every one of them is refused."""
        headers = {"Authorization": f"Bearer {customer.api_key}", "Idempotency-Key": key}
        answer = self.api.post("/v1/messages/batch", json={"messages": messages}, headers=headers)
        if answer.status_code == 402:
            return [{"code": answer.json()["code"]} for _ in messages]
        if answer.status_code == 422:
            return [{"code": problem["code"]} for problem in answer.json()["errors"]]
        assert answer.status_code == 202, answer.text
        return list(answer.json()["results"])

    def select(self, query: str) -> list[tuple[Any, ...]]:
        return self._owner.execute(query.encode()).fetchall()

    def let_time_pass(self, hours: int) -> None:
        """For what is handed over and not reported on; what is due now is due the sooner."""
        with self._owner.transaction():
            self._owner.execute(_LOCK_OPEN)
            self._owner.execute(_MOVE_MESSAGES, (hours,))
            self._owner.execute(_MOVE_PARTS, (hours,))

    def let_dead_leases_run_out(self) -> None:
        """Makes their minute pass at once, for workers that renew no more; those that live may judge them."""
        self._owner.execute(_LET_LEASES_RUN_OUT, (LEASE_S - _DEAD_AFTER_S,))
        self._owner.execute("update messaging_workerlease set unbroken_since = now() - interval '1 hour'")

    def verify_ledger(self) -> tuple[int, str]:
        """Exit code and words."""
        done = subprocess.run(
            [KHATA, "verify-ledger"], env=self._environment, capture_output=True, text=True, timeout=600, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def __enter__(self) -> Self:
        with self._exits:
            self._start()
            self._exits = self._exits.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._exits.close()

    def _start(self) -> None:
        self._folder.chmod(0o711)  # PostgreSQL may run as another user, who must pass through.
        self._exits.enter_context(self.smsc)
        database = self._exits.enter_context(embedded_postgres.start(self._folder / "data"))
        self._environment = self._made_environment(database.app_url)
        self._run([str(KHATA), "migrate"], KHATA_DATABASE_OWNER_URL=database.owner_url)
        self._owner = self._exits.enter_context(psycopg.connect(database.owner_url, autocommit=True))
        made = self._run([sys.executable, "-m", "tests.simulation.messages_customers", *map(str, self._credits)])
        self.customers = tuple(Customer(**one) for one in json.loads(made))
        port = free_port()
        web = self._spawn("web", "serve", "--port", str(port))
        self._exits.callback(self._end, web, signal.SIGTERM)
        self._exits.callback(self._end_workers)
        self._workers += [self._spawn(f"worker-{number}", "worker") for number in range(WORKERS_COUNT)]
        base_url = f"http://localhost:{port}"
        self.api = self._exits.enter_context(httpx.Client(base_url=base_url, timeout=_DEADLINE_S, trust_env=False))
        wait_until(self._is_ready, "the web server was ready", deadline_s=_DEADLINE_S)

    def _made_environment(self, database_url: str) -> dict[str, str]:
        carriers = self._folder / "carriers.toml"
        tables = [CARRIER.format(name=name, port=self.smsc.port, message_ids=ids) for name, ids in MESSAGE_IDS.items()]
        carriers.write_text("".join(tables) + ROUTES)
        ours = ("KHATA_", "DATABASE_", "DJANGO_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return inherited | {
            "DATABASE_URL": database_url,
            "KHATA_SECRET_KEY": "simulation-" * 4,
            "KHATA_MODE": "sandbox",
            "KHATA_BASE_URL": "http://localhost:8000",
            "KHATA_CARRIERS_FILE": str(carriers),
            "SIMULATED_PASSWORD": PASSWORD,
        }

    def _run(self, command: list[str], **more: str) -> str:
        """To its end; what it printed."""
        root = Path(__file__).parents[2]
        environment = self._environment | more
        done = subprocess.run(
            command, env=environment, cwd=root, capture_output=True, text=True, timeout=_DEADLINE_S, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _spawn(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(KHATA), *arguments]
        log = self._folder / f"{name}.log"
        return processes.spawn(command, log=log, environment=self._environment, dies_by=signal.SIGKILL)

    def _end(self, process: subprocess.Popen[bytes], by: signal.Signals) -> None:
        processes.end(process, by=by, grace_s=10)

    def _end_workers(self) -> None:
        for worker in self._workers:
            self._end(worker, signal.SIGTERM)

    def _is_ready(self) -> bool:
        try:
            return self.api.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False
