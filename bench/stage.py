"""Where a line plays: a fresh database on a real server with durable commits, and Khata's own programs around it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bench.scale import Scale
from khata.cli import embedded_postgres, processes, wiring
from khata.cli.demo.children import Child, children, khata_environment, migration
from khata.cli.demo.options import Options, Ports
from khata.cli.demo.readiness import is_ready
from khata.cli.demo.state import DemoState
from khata.cli.embedded_postgres import DATABASE, OWNER, EmbeddedDatabase

HOST = "127.0.0.1"
ANY_PORT = 0
READY_DEADLINE_S = 60.0
GRACE_S = 15.0
POLL_INTERVAL_S = 0.05
ROOT = Path(__file__).resolve().parents[1]


class ProgramFailed(Exception):
    """A program of the stage ended, or did not become ready; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One line's database, and how the programs of this line are started."""

    scale: Scale
    folder: Path
    app_url: str
    owner_url: str
    options: Options
    state: DemoState

    @contextmanager
    def running(self, *names: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
        """`web`, `worker`, `smsc`, …: the demo's processes, each ready, ended again in the opposite order."""
        known = {child.name: child for child in children(self.options, self.state, self.app_url)}
        with ExitStack() as open_programs:
            yield {name: open_programs.enter_context(self.program(known[name])) for name in names}

    @contextmanager
    def program(self, child: Child) -> Iterator[subprocess.Popen[bytes]]:
        """Any other process, ready. Raises ProgramFailed."""
        log = self.folder / f"{child.name}.log"
        process = processes.spawn(child.command, log=log, environment=child.environment, dies_by=child.dies_by)
        try:
            wait_until(
                lambda: is_ready(child) or process.poll() is not None, READY_DEADLINE_S, f"{child.name} is ready"
            )
            if process.poll() is not None:
                raise ProgramFailed(f"{child.name} ended: {processes.last_lines(log)}")
            yield process
        finally:
            processes.end(process, by=signal.SIGTERM, grace_s=GRACE_S)

    @contextmanager
    def connection(self, *, as_owner: bool = False) -> Iterator[psycopg.Connection[Any]]:
        """Beside Khata's own connections; every statement commits at once."""
        with psycopg.connect(self.owner_url if as_owner else self.app_url, autocommit=True) as connection:
            yield connection

    def own_program(self, name: str, *arguments: str) -> Child:
        """A Python module of ours as a program that listens on the port given last."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = (sys.executable, "-m", name, *arguments)
        return Child(name, command, environment, tcp=((HOST, int(arguments[-1])),))


class Server:
    """The one server all lines share, with a migrated database to copy each line's from."""

    def __init__(self, scale: Scale, folder: Path, database: EmbeddedDatabase) -> None:
        self._scale = scale
        self._folder = folder
        self._database = database
        self._state = DemoState()
        self._migrate()

    @property
    def superuser_url(self) -> str:
        return self._database.superuser_url

    @property
    def folder(self) -> Path:
        return self._folder

    def set_up_django(self) -> None:
        """In this process and, by its environment, in those it starts: nothing configured outside counts."""
        environment = khata_environment(_options(self._folder), self._state, self._database.app_url)
        os.environ.clear()
        os.environ.update(environment)
        wiring.set_up()

    @contextmanager
    def stage(self, line: str) -> Iterator[Stage]:
        """A database of its own, gone afterwards; Django and what it starts speak to that one."""
        name = f"bench_{line}"
        self._make_database(name)
        try:
            stage = Stage(
                self._scale,
                self._folder,
                _with_database(self._database.app_url, name),
                _with_database(self._database.owner_url, name),
                _options(self._folder),
                self._state,
            )
            _point_django_at(stage.app_url)
            yield stage
        finally:
            _point_django_at(self._database.app_url)
            self._drop_database(name)

    def _migrate(self) -> None:
        urls = (self._database.app_url, self._database.owner_url)
        child = migration(_options(self._folder), self._state, *urls)
        log = self._folder / "migrate.log"
        process = processes.spawn(child.command, log=log, environment=child.environment)
        if process.wait() != 0:
            raise ProgramFailed(f"The migration failed: {processes.last_lines(log)}")

    def _make_database(self, name: str) -> None:
        create = sql.SQL("create database {} template {} owner {}")
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(create.format(*map(sql.Identifier, (name, DATABASE, OWNER))))
            # What an earlier line left to be written must not be written while this one is measured.
            connection.execute("checkpoint")

    def _drop_database(self, name: str) -> None:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def running_server(scale: Scale) -> Iterator[Server]:
    """In a temporary folder, which TMPDIR can put on another disk."""
    with tempfile.TemporaryDirectory(prefix="khata-bench-") as folder:
        # PostgreSQL runs as another user where we run as root: it must be able to pass through.
        Path(folder).chmod(0o711)
        with embedded_postgres.start(Path(folder) / "data") as database:
            yield Server(scale, Path(folder), database)


def wait_until(is_so: Callable[[], bool], deadline_s: float, what: str, *, interval_s: float = POLL_INTERVAL_S) -> None:
    """Raises TimeoutError when it is not so within the deadline."""
    give_up_at = time.monotonic() + deadline_s
    while not is_so():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"Not within {deadline_s:.0f} s: {what}.")
        time.sleep(interval_s)


def _options(folder: Path) -> Options:
    ports = Ports(*[ANY_PORT] * 6).chosen(HOST)
    return Options(folder, HOST, ports, is_json=True, is_fresh=False, database_url="", database_owner_url="")


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _point_django_at(url: str) -> None:
    from django.db import connections

    connection: Any = connections["default"]
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = urlsplit(url).path.lstrip("/")
    os.environ["DATABASE_URL"] = url
