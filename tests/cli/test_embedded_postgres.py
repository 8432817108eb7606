"""The embedded PostgreSQL: durable, private, and back again after whatever happened to it."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from khata.cli import embedded_postgres, leash, postgres_cluster
from khata.cli.embedded_postgres import EmbeddedDatabase
from khata.cli.errors import DiskFull, FolderInUse, Misconfigured, PortTaken, ProcessFailed

from .starters import NO_LEASH, altered_leash, starter
from .waiting import is_running, wait_until

START_AND_STAY = """
import time
from pathlib import Path
from khata.cli import embedded_postgres, leash, postgres_cluster
leash.__file__ = {leash!r}
database = embedded_postgres.start(Path({folder!r}))
print(database.pid, database.owner_url, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[EmbeddedDatabase]:
    with embedded_postgres.start(folder) as database:
        yield database


def one(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("jit", "off"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("max_connections", "100"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_server_is_set_up_to_lose_nothing(database: EmbeddedDatabase, setting: str, value: str) -> None:
    assert one(database.superuser_url, f"SHOW {setting}") == value


def test_the_owner_owns_the_database_and_is_no_superuser(database: EmbeddedDatabase) -> None:
    assert one(database.owner_url, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'khata'") == (
        "khata_owner"
    )
    assert one(database.owner_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_the_app_role_may_neither_make_tables_nor_read_those_it_was_not_given(database: EmbeddedDatabase) -> None:
    run(database.owner_url, "CREATE TABLE private (secret int)")
    for statement in ("CREATE TABLE mine ()", "SELECT * FROM private", "CREATE DATABASE other", "CREATE ROLE other"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(database.app_url, statement)


def test_no_one_gets_in_without_a_password(database: EmbeddedDatabase) -> None:
    for role in ("postgres", "khata_owner", "khata_app"):
        with pytest.raises(psycopg.OperationalError, match=r"no password supplied|authentication failed"):
            psycopg.connect(f"postgresql://{role}@127.0.0.1:{database.port}/khata", passfile="/dev/null")


def test_nothing_is_readable_for_others(database: EmbeddedDatabase, folder: Path) -> None:
    assert database.pid
    for path in (folder / "postgres", folder / "postgres.json", folder / "postgres.lock", folder / "logs"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_starting_changes_no_folder_above_the_data(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = [(path, path.stat().st_mode, path.stat().st_uid) for path in (closed, *closed.parents)]
    with embedded_postgres.start(closed / "inner") as database:
        assert one(database.app_url, "SELECT 1") == 1
    assert [(path, path.stat().st_mode, path.stat().st_uid) for path in (closed, *closed.parents)] == before


def test_committed_rows_survive_a_kill_of_the_server(tmp_path: Path) -> None:
    with embedded_postgres.start(tmp_path) as database:
        run(database.owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        url = database.owner_url
        database.kill()
        assert database.pid is None
        database.restart()
        assert database.owner_url == url
        assert one(url, "SELECT answer FROM kept") == 42


def test_committed_rows_survive_a_stop_and_a_start(tmp_path: Path) -> None:
    with embedded_postgres.start(tmp_path) as first:
        run(first.owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with embedded_postgres.start(tmp_path) as second:
        assert one(second.owner_url, "SELECT answer FROM kept") == 42


def test_stopping_leaves_no_process_and_may_be_repeated(tmp_path: Path) -> None:
    database = embedded_postgres.start(tmp_path)
    pid = database.pid
    assert pid
    database.stop()
    database.stop()
    assert not is_running(pid)


def test_a_kill_of_the_starter_ends_the_server(tmp_path: Path) -> None:
    program = START_AND_STAY.format(leash=leash.__file__, folder=str(tmp_path))
    with starter(program) as (process, (pid, url)):
        assert one(url, "SELECT 1") == 1
        process.kill()
        wait_until(lambda: not is_running(int(pid)), "the server followed its starter")


def test_a_server_that_outlived_its_starter_is_stopped_and_its_rows_are_there(tmp_path: Path) -> None:
    program = START_AND_STAY.format(leash=str(altered_leash(tmp_path, NO_LEASH)), folder=str(tmp_path / "data"))
    with starter(program) as (process, (pid, url)):
        run(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        process.kill()
        process.wait()
    assert is_running(int(pid))
    with embedded_postgres.start(tmp_path / "data") as database:
        assert not is_running(int(pid))
        assert one(database.owner_url, "SELECT answer FROM kept") == 42


def test_a_process_that_is_not_our_server_is_never_stopped(tmp_path: Path) -> None:
    embedded_postgres.start(tmp_path).stop()
    # What a crash leaves, when the process id has gone to somebody else since.
    with starter("import time; print('started', flush=True); time.sleep(600)") as (bystander, _):
        (tmp_path / "postgres" / "postmaster.pid").write_text(f"{bystander.pid}\n")
        embedded_postgres.end_orphan(tmp_path)
        assert bystander.poll() is None


def test_a_second_start_on_the_same_folder_is_refused(database: EmbeddedDatabase, folder: Path) -> None:
    with pytest.raises(FolderInUse, match=str(os.getpid())) as refused:
        embedded_postgres.start(folder)
    assert refused.value.exit_code == 3
    assert one(database.app_url, "SELECT 1") == 1


def test_a_taken_port_is_refused(database: EmbeddedDatabase, tmp_path: Path) -> None:
    with pytest.raises(PortTaken, match=str(database.port)) as refused:
        embedded_postgres.start(tmp_path, port=database.port)
    assert refused.value.exit_code == 4


def test_a_full_disk_is_told_in_one_sentence_and_nothing_is_left_running(tmp_path: Path) -> None:
    embedded_postgres.start(tmp_path).stop()
    # The kernel's own "No space left on device", without a file system to fill.
    options = tmp_path / "postgres" / "postmaster.opts"
    options.unlink()
    options.symlink_to("/dev/full")
    with pytest.raises(DiskFull, match=r"^The disk is full") as refused:
        embedded_postgres.start(tmp_path)
    assert refused.value.exit_code == 5
    options.unlink()
    with embedded_postgres.start(tmp_path) as database:
        assert one(database.app_url, "SELECT 1") == 1


def test_a_disk_without_room_for_a_new_database_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_cluster, "NEW_DATA_BYTES", 10**18)
    with pytest.raises(DiskFull, match=r"^The disk is full: \d+ MB are free"):
        embedded_postgres.start(tmp_path)
    assert not (tmp_path / "postgres").exists()


def test_any_other_failure_repeats_the_servers_words(tmp_path: Path) -> None:
    embedded_postgres.start(tmp_path).stop()
    with (tmp_path / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("\nno_such_setting = 1\n")
    with pytest.raises(ProcessFailed, match=r"PostgreSQL did not start: .*configuration file"):
        embedded_postgres.start(tmp_path)


def test_data_of_another_postgresql_is_refused(tmp_path: Path) -> None:
    embedded_postgres.start(tmp_path).stop()
    (tmp_path / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(Misconfigured, match="PostgreSQL 14"):
        embedded_postgres.start(tmp_path)


def test_data_without_its_passwords_is_refused(tmp_path: Path) -> None:
    embedded_postgres.start(tmp_path).stop()
    (tmp_path / "postgres.json").unlink()
    with pytest.raises(Misconfigured, match="passwords is missing"):
        embedded_postgres.start(tmp_path)


def test_a_creation_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    with embedded_postgres.start(tmp_path) as database:
        assert one(database.app_url, "SELECT 1") == 1
    assert not (tmp_path / "postgres.new").exists()


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="cannot be used: Not a directory"):
        embedded_postgres.start(tmp_path / "file" / "data")


def test_a_backend_killed_by_force_costs_only_open_connections(database: EmbeddedDatabase) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as victim:
        backend = victim.info.backend_pid
        os.kill(backend, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            victim.execute("SELECT 1")

    def answers() -> bool:
        try:
            return one(database.app_url, "SELECT 1") == 1
        except psycopg.OperationalError:
            return False

    wait_until(answers, "the server recovered")
    assert database.pid
