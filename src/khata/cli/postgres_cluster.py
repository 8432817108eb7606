"""The embedded PostgreSQL's data on disk and its one server process. Roles and URLs: `embedded_postgres`.

The server is our direct child, in the foreground: no daemon, no pid files to trust. It listens on 127.0.0.1 alone,
with passwords and without a unix socket, so its folder may be anywhere and any PostgreSQL client can connect.

Run by root, the server belongs to another account and gets its data folder as an inherited file descriptor
(`/proc/self/fd/N`). So the data may lie below folders that only root may enter (its home, a `mktemp -d`), no folder
above it has to be opened to anybody, and the account can reach nothing else.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from khata.cli import processes
from khata.cli.errors import CommandStopped, DiskFull, Misconfigured, PortTaken, ProcessFailed
from khata.cli.postgres_programs import POSTGRES_MAJOR, Programs

SUPERUSER = "postgres"
POLL_INTERVAL_S = 0.05
ORPHAN_GRACE_S = 60.0
MB = 1_000_000
NEW_DATA_BYTES = 100 * MB
"""An empty database, its write-ahead log, and some air."""
LOG_LINES_READ = 1000
"""The first cause may stand far above the last words."""

# Given at every start instead of kept in postgresql.conf, so that an upgrade of Khata brings its own.
SETTINGS = {
    # Paid credits are at stake: a commit we were told of is on disk.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Many short statements and no long ones: compiling a plan costs more than it ever saves here.
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_timezone": "UTC",
    "timezone": "UTC",
}

# No variable of ours must reach the server (PGDATA, PGPORT, …), and its words must be the ones we look for.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data folder of PostgreSQL. `name` is unique and stands in its server's command line."""

    data: Path
    log: Path
    name: str
    programs: Programs

    def create(self, superuser_password: str) -> None:
        """Initialise the data unless it is there. Raises `DiskFull`, `Misconfigured`, `ProcessFailed`."""
        if self.data.exists():
            self._require_usable()
            return
        draft = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        # Asked first, because on a full disk there is no room for PostgreSQL's reason in the log either.
        if (free := shutil.disk_usage(self.data.parent).free) < NEW_DATA_BYTES:
            raise DiskFull(
                f"The disk is full: {free // MB} MB are free, a new database needs {NEW_DATA_BYTES // MB} MB."
            )
        draft.mkdir(mode=0o700)
        if self.programs.account:
            os.chown(draft, self.programs.account.uid, self.programs.account.gid)
        try:
            self._initdb(draft, superuser_password)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        draft.rename(self.data)

    def launch(self, port: int) -> subprocess.Popen[bytes]:
        """Start the server. It answers a little later: ask it, and `failure` when it ended."""
        settings = {**SETTINGS, "port": str(port), "cluster_name": self.name}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # On the death of its starter a fast shutdown: connections end, everything is written, recovery is short.
        return self._run("postgres", self.data, options, dies_by=signal.SIGINT)

    def end_orphan(self) -> None:
        """Stop a server of this very cluster that outlived the Khata that started it."""
        pid = self._recorded_pid()
        if pid is None or f"cluster_name={self.name}" not in _command_line(pid):
            return
        os.kill(pid, signal.SIGINT)
        give_up_at = time.monotonic() + ORPHAN_GRACE_S
        while f"cluster_name={self.name}" in _command_line(pid):
            if time.monotonic() > give_up_at:
                # Immediate shutdown; the next start recovers from the write-ahead log.
                os.kill(pid, signal.SIGQUIT)
                give_up_at = time.monotonic() + ORPHAN_GRACE_S
            time.sleep(POLL_INTERVAL_S)

    def failure(self, log_since: int) -> CommandStopped:
        """Why the server ended, from what it wrote to the log since byte `log_since`."""
        return explain(processes.last_lines(self.log, since=log_since, count=LOG_LINES_READ))

    def log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _require_usable(self) -> None:
        owner = self.data.stat().st_uid
        if owner != (self.programs.account.uid if self.programs.account else os.geteuid()):
            raise Misconfigured(
                f"The database in {self.data} was made by another user: run Khata as the one who made it."
            )
        major = (self.data / "PG_VERSION").read_text().strip()
        if major != str(POSTGRES_MAJOR):
            raise Misconfigured(
                f"The database in {self.data} was made by PostgreSQL {major}, this is {POSTGRES_MAJOR}."
            )

    def _initdb(self, folder: Path, superuser_password: str) -> None:
        with tempfile.TemporaryFile() as password:
            password.write(superuser_password.encode() + b"\n")
            password.flush()
            if self.programs.account:
                os.fchown(password.fileno(), self.programs.account.uid, self.programs.account.gid)
            log_since = self.log_size()
            # The builtin C.UTF-8 sorts alike on every machine, whatever libc it has.
            options = ["--username", SUPERUSER, "--pwfile", f"/dev/fd/{password.fileno()}", "--auth=scram-sha-256"]
            options += ["--data-checksums", "--encoding=UTF8", "--locale=C"]
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            process = self._run("initdb", folder, options, dies_by=signal.SIGTERM, kept_fd=password.fileno())
            if process.wait() != 0:
                raise self.failure(log_since)

    def _run(
        self, program: str, folder: Path, options: list[str], *, dies_by: signal.Signals, kept_fd: int | None = None
    ) -> subprocess.Popen[bytes]:
        kept = [] if kept_fd is None else [kept_fd]
        folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            name = f"/proc/self/fd/{folder_fd}" if self.programs.account else str(folder)
            return processes.spawn(
                [self.programs.path(program), "-D", name, *options],
                log=self.log,
                environment=ENVIRONMENT,
                dies_by=dies_by,
                account=self.programs.account,
                kept_fds=[*kept, folder_fd],
            )
        finally:
            os.close(folder_fd)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None


def explain(log: str) -> CommandStopped:
    """The one sentence for a start that failed, from the server's own words."""
    if re.search(r"No space left on device|Disk quota exceeded", log):
        return DiskFull("The disk is full: PostgreSQL cannot write its data. Free some space and start again.")
    if "could not bind" in log:
        return PortTaken("The port for PostgreSQL is taken: end the program that listens there.")
    words = re.findall(r"(?:FATAL|PANIC|ERROR|error): +(.+)", log) or log.splitlines() or ["no reason was given"]
    return ProcessFailed(f"PostgreSQL did not start: {words[-1]}")


def _command_line(pid: int) -> str:
    """The words a process was started with; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    except ProcessLookupError:
        return ""
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return listed.stdout
