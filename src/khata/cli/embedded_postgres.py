"""The PostgreSQL that comes with Khata: a whole server in one folder, for the demo, the tests and small sites.

    with embedded_postgres.start(folder) as database:
        psycopg.connect(database.app_url)

It is a real server with the settings of a production one: same locks, same SQL, same crash recovery.
"""

import secrets
import signal
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from khata.cli import ports, private_files, processes
from khata.cli.errors import Misconfigured, PortTaken, ProcessFailed, folder_trouble
from khata.cli.locks import FolderLock
from khata.cli.postgres_cluster import SUPERUSER, Cluster, explain
from khata.cli.postgres_programs import find_programs

HOST = "127.0.0.1"
DATABASE = "khata"
PASSWORDS_FILE = "postgres.json"
OWNER = "khata_owner"
"""Owns the database and migrates it."""
APP = "khata_app"
"""What the processes run as: no superuser, owner of nothing; `khata migrate` grants it what it needs."""

START_DEADLINE_S = 120.0
STOP_GRACE_S = 30.0
POLL_INTERVAL_S = 0.05


def start(data_dir: Path, *, port: int = 0) -> "EmbeddedDatabase":
    """Start the server on `data_dir` (made when missing) and wait until it answers; `port` 0 takes a free one.

    An orphan of an earlier start is stopped first, and what a crash left is recovered.
    Raises `FolderInUse`, `PortTaken`, `DiskFull`, `Misconfigured`, `ProcessFailed`; then nothing is left running.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FolderLock(data_dir / "postgres.lock")
    except OSError as error:
        raise folder_trouble(data_dir, error) from error
    try:
        return _start_locked(data_dir, lock, port)
    except OSError as error:
        lock.release()
        raise folder_trouble(data_dir, error) from error
    except BaseException:
        lock.release()
        raise


def end_orphan(data_dir: Path) -> None:
    """Stop a server on `data_dir` that outlived its starter, if there is one. Raises `OSError`."""
    try:
        passwords = _stored_passwords(data_dir)
    except Misconfigured:
        return  # Without the file we cannot know which server would be ours, and stop none.
    if passwords is not None:
        _cluster(data_dir, passwords).end_orphan()


class EmbeddedDatabase:
    """A server that runs. Leaving the `with` block, or `stop()`, ends it; `stop()` may be called twice."""

    def __init__(self, cluster: Cluster, lock: FolderLock, passwords: "Passwords", port: int) -> None:
        self.port = port
        self.log = cluster.log
        self._cluster = cluster
        self._lock: FolderLock | None = lock
        self._passwords = passwords
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def owner_url(self) -> str:
        """For migrations."""
        return self._url(OWNER, self._passwords.owner, DATABASE)

    @property
    def app_url(self) -> str:
        """For everything else."""
        return self._url(APP, self._passwords.app, DATABASE)

    @property
    def superuser_url(self) -> str:
        """For tests that make databases, and for an operator in need."""
        return self._url(SUPERUSER, self._passwords.superuser, SUPERUSER)

    @property
    def pid(self) -> int | None:
        """The server's process id; None when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def restart(self) -> None:
        """Start the server again after it ended, on the same port; crash recovery included. Raises as `start`."""
        give_up_at = time.monotonic() + START_DEADLINE_S
        while not self._launch(give_up_at):
            time.sleep(POLL_INTERVAL_S)

    def stop(self) -> None:
        """Fast shutdown: connections are ended, everything is written."""
        if self._process is not None:
            processes.end(self._process, by=signal.SIGINT, grace_s=STOP_GRACE_S)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def kill(self) -> None:
        """`kill -9` on the server, for those who test what a crash does. `restart()` recovers."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _launch(self, give_up_at: float) -> bool:
        """True when the server answers; False when it is worth another try. Raises when it is not."""
        log_since = self._cluster.log_size()
        process = self._process = self._cluster.launch(self.port)
        while not self._answers():
            if process.poll() is not None:
                return self._explain_end(log_since, give_up_at)
            if time.monotonic() > give_up_at:
                processes.end(process, by=signal.SIGINT, grace_s=STOP_GRACE_S)
                raise ProcessFailed(f"PostgreSQL did not answer within {START_DEADLINE_S:.0f} s; see {self.log}.")
            time.sleep(POLL_INTERVAL_S)
        return True

    def _explain_end(self, log_since: int, give_up_at: float) -> bool:
        # After `kill -9` the server's children need a moment to notice; until then a new server refuses to start.
        if "is still in use" in processes.last_lines(self.log, since=log_since) and time.monotonic() < give_up_at:
            return False
        raise self._cluster.failure(log_since)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.superuser_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{database}"


@dataclass(frozen=True, slots=True)
class Passwords:
    """Random, made once per data folder, kept in `postgres.json` (0600). `cluster` names the server's process."""

    cluster: str = field(default_factory=lambda: f"khata-{secrets.token_hex(8)}")
    superuser: str = field(default_factory=lambda: secrets.token_hex(24))
    owner: str = field(default_factory=lambda: secrets.token_hex(24))
    app: str = field(default_factory=lambda: secrets.token_hex(24))


def _start_locked(data_dir: Path, lock: FolderLock, port: int) -> EmbeddedDatabase:
    passwords = _passwords(data_dir)
    (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    cluster = _cluster(data_dir, passwords)
    cluster.create(passwords.superuser)
    cluster.end_orphan()
    if port:
        ports.require_free({"PostgreSQL": (HOST, port)})
    database = EmbeddedDatabase(cluster, lock, passwords, port or ports.free_port())
    try:
        _launch_first(database, may_choose_port=not port)
        _ensure_roles(database.superuser_url, passwords)
    except psycopg.OperationalError as error:
        database.kill()
        raise explain(str(error)) from error
    except BaseException:
        database.kill()
        raise
    return database


def _launch_first(database: EmbeddedDatabase, *, may_choose_port: bool) -> None:
    while True:
        try:
            return database.restart()
        except PortTaken:
            if not may_choose_port:
                raise
            database.port = ports.free_port()  # Somebody was faster with the free one.


def _cluster(data_dir: Path, passwords: Passwords) -> Cluster:
    return Cluster(data_dir / "postgres", data_dir / "logs" / "postgres.log", passwords.cluster, find_programs())


def _passwords(data_dir: Path) -> Passwords:
    path = data_dir / PASSWORDS_FILE
    if (stored := _stored_passwords(data_dir)) is not None:
        return stored
    if (data_dir / "postgres").exists():
        raise Misconfigured(f"{path} with the database's passwords is missing: bring it back or start over.")
    passwords = Passwords()
    private_files.write_json(path, asdict(passwords))
    return passwords


def _stored_passwords(data_dir: Path) -> Passwords | None:
    try:
        stored = private_files.read_json(data_dir / PASSWORDS_FILE)
        return None if stored is None else Passwords(**stored)
    except (ValueError, TypeError):
        raise Misconfigured(f"{data_dir / PASSWORDS_FILE} with the database's passwords is damaged.") from None


def _ensure_roles(superuser_url: str, passwords: Passwords) -> None:
    """Both roles and the database, at every start: an earlier one may have been killed half way."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role, password in ((OWNER, passwords.owner), (APP, passwords.app)):
            verb = "ALTER" if role in roles else "CREATE"
            connection.execute(
                sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), sql.Identifier(APP))
        )
