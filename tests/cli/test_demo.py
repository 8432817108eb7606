"""`khata demo` as a whole: one line when ready, everything answering, and nothing left behind."""

import http.client
import json
import os
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from khata.cli.demo import folder
from khata.cli.demo.state import load_state

from .waiting import wait_until

KHATA = Path(sysconfig.get_path("scripts")) / "khata"
PORT_FLAGS = ("port", "gateway-port", "smsc-port", "smtp-port", "smsc-http-port", "mailbox-port")
FIELDS = {
    "console_url",
    "api_url",
    "gateway_url",
    "smsc",
    "smtp",
    "phone_url",
    "mailbox_url",
    "email",
    "password",
    "api_key",
    "organisation_id",
    "gateway_key_id",
    "gateway_key_secret",
    "database_url",
}

Ready = dict[str, str]


@contextmanager
def demo(data_dir: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], Ready]]:
    """A demo that is ready; what it started is ended whatever the test does."""
    command = [KHATA, "demo", "--json", "--data-dir", data_dir, *(f"--{flag}=0" for flag in PORT_FLAGS), *flags]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KHATA_", "DATABASE_"))}
    with (
        (data_dir.parent / "stderr.txt").open("w+") as stderr,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, (data_dir.parent / "stderr.txt").read_text()
            yield process, json.loads(line)
        finally:
            process.terminate()
            rest = process.stdout.read()
    assert rest == "", "more than one line on stdout"


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def survivors(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if is_alive(process)]


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def child_with(word: str, process: subprocess.Popen[str]) -> psutil.Process | None:
    """The demo's own child that was started with `word` in its command line."""
    for child in psutil.Process(process.pid).children():
        with suppress(psutil.Error):
            if word in child.cmdline():
                return child
    return None


def status_of(url: str, **headers: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", parts.path or "/", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], Ready]]:
    with demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


def test_the_line_has_exactly_the_promised_fields(running: tuple[subprocess.Popen[str], Ready]) -> None:
    _, ready = running
    assert set(ready) == FIELDS
    assert all(ready.values())
    assert urlsplit(ready["console_url"]).hostname == "localhost"
    assert urlsplit(ready["gateway_url"]).hostname == "127.0.0.1"
    assert ready["gateway_key_id"].startswith("rzp_test_")


def test_every_page_answers(running: tuple[subprocess.Popen[str], Ready]) -> None:
    _, ready = running
    for url in (ready["console_url"] + "/healthz", ready["console_url"] + "/readyz"):
        assert status_of(url) == 200, url
    for url in (ready["console_url"], ready["gateway_url"], ready["phone_url"], ready["mailbox_url"]):
        assert status_of(url) < 500, url


def test_the_printed_key_opens_the_api_and_the_organisation_has_no_credits(
    running: tuple[subprocess.Popen[str], Ready],
) -> None:
    _, ready = running
    assert status_of(f"{ready['api_url']}/balance", Authorization=f"Bearer {ready['api_key']}") == 200
    with psycopg.connect(ready["database_url"]) as connection:
        assert connection.execute("SELECT sum(available), sum(held) FROM ledger_wallet").fetchone() == (0, 0)


def test_what_dies_comes_back(running: tuple[subprocess.Popen[str], Ready]) -> None:
    process, ready = running

    def is_ready() -> bool:
        try:
            return status_of(ready["console_url"] + "/readyz") == 200
        except (OSError, http.client.HTTPException):
            return False

    for word in ("serve", "worker", "-D"):  # Web, worker, PostgreSQL.
        victim = child_with(word, process)
        assert victim
        victim.kill()
        wait_until(lambda word=word, victim=victim: child_with(word, process) not in (None, victim), f"{word} was back")
        wait_until(is_ready, f"all was ready again after {word}")


def end_by(number: signal.Signals, process: subprocess.Popen[str]) -> None:
    processes = family(process)
    assert len(processes) >= 6
    process.send_signal(number)
    assert process.wait(timeout=60) == 0
    assert survivors(processes) == []


def test_ctrl_c_ends_it_with_code_0_and_leaves_no_process(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as (process, _):
        end_by(signal.SIGINT, process)


def test_fresh_starts_over_and_sigterm_ends_it_like_ctrl_c(tmp_path: Path) -> None:
    lock = folder.claim(tmp_path / "data", is_fresh=False)
    before = load_state(tmp_path / "data")
    lock.release()
    with demo(tmp_path / "data", "--fresh") as (process, ready):
        assert ready["gateway_key_secret"] != before.gateway_key_secret
        end_by(signal.SIGTERM, process)


def test_a_killed_demo_leaves_no_process_and_starts_again_with_its_data(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as (process, first):
        processes = family(process)
        with psycopg.connect(first["database_url"], autocommit=True) as connection:
            before = connection.execute("SELECT count(*) FROM ledger_wallet").fetchone()
        process.kill()
        process.wait()
        wait_until(lambda: survivors(processes) == [], "every process followed the demo")
    with demo(tmp_path / "data") as (_, second):
        for field in ("email", "password", "api_key", "organisation_id", "gateway_key_id", "gateway_key_secret"):
            assert second[field] == first[field]
        with psycopg.connect(second["database_url"]) as connection:
            assert connection.execute("SELECT count(*) FROM ledger_wallet").fetchone() == before
