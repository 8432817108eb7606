"""What stops a command is one sentence on stderr and an exit code of its own."""

import json
import os
import socket
import subprocess
import sysconfig
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from khata.cli import embedded_postgres, ports
from khata.cli.demo import folder
from khata.cli.embedded_postgres import EmbeddedDatabase

KHATA = Path(sysconfig.get_path("scripts")) / "khata"
FREE_PORTS = [
    f"--{name}=0" for name in ("port", "gateway-port", "smsc-port", "smtp-port", "smsc-http-port", "mailbox-port")
]


def khata(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KHATA_", "DATABASE_"))}
    return subprocess.run(
        [KHATA, *arguments], env=inherited | environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    with embedded_postgres.start(tmp_path_factory.mktemp("postgres")) as database:
        yield database


@pytest.fixture(scope="module")
def configured(database: EmbeddedDatabase) -> dict[str, str]:
    return configuration(database)


def configuration(database: EmbeddedDatabase) -> dict[str, str]:
    return {
        "DATABASE_URL": database.app_url,
        "KHATA_DATABASE_OWNER_URL": database.owner_url,
        "KHATA_SECRET_KEY": "x" * 48,
        "KHATA_GATEWAY_RAZORPAY_KEY_ID": "rzp_test_khataTests0001",
        "KHATA_GATEWAY_RAZORPAY_KEY_SECRET": "gateway-secret",
        "KHATA_GATEWAY_RAZORPAY_WEBHOOK_SECRETS": "webhook-secret",
        "KHATA_SMPP_SYSTEM_ID": "khata",
        "KHATA_SMPP_PASSWORD": "secret",
    }


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "check", "verify-ledger"])
def test_a_missing_setting_is_named(command: str) -> None:
    ended = khata(command)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "khata: DATABASE_URL is not set.\n")


def test_the_demo_names_the_port_that_is_taken_before_it_starts_anything(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = khata("demo", "--data-dir", tmp_path / "demo", *FREE_PORTS, "--smtp-port", str(port))
    assert ended.returncode == 4
    assert f"khata: Port {port} for the sandbox mailbox (SMTP) is taken" in ended.stderr
    assert not (tmp_path / "demo" / "postgres").exists()


def test_a_second_demo_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    lock = folder.claim(tmp_path / "demo", is_fresh=False)
    ended = khata("demo", "--data-dir", tmp_path / "demo", "--fresh", *FREE_PORTS)
    lock.release()
    assert ended.returncode == 3
    assert "already runs on" in ended.stderr


def test_the_demo_refuses_a_database_url_it_cannot_use(tmp_path: Path) -> None:
    url = f"postgresql://u:s3cret@127.0.0.1:{ports.free_port()}/khata"
    ended = khata("demo", "--data-dir", tmp_path / "demo", *FREE_PORTS, DATABASE_URL=url)
    assert ended.returncode == 6
    assert "khata: DATABASE_URL: no PostgreSQL answers" in ended.stderr
    assert "s3cret" not in ended.stderr


def test_fresh_never_empties_a_database_of_yours(tmp_path: Path) -> None:
    ended = khata("demo", "--data-dir", tmp_path / "demo", "--fresh", *FREE_PORTS, DATABASE_URL="postgresql://h/d")
    assert ended.returncode == 2
    assert "--fresh never empties a database of yours" in ended.stderr


def test_migrating_twice_is_fine_and_check_then_finds_nothing(tmp_path: Path) -> None:
    with embedded_postgres.start(tmp_path) as empty:
        configured = configuration(empty)
        assert "are pending: run `khata migrate`" in khata("check", **configured).stdout
        assert "The database is up to date: " in khata("migrate", **configured).stdout
        assert "up to date: 0 migrations applied" in khata("migrate", **configured).stdout
        ended = khata("check", **configured)
    assert (ended.returncode, ended.stdout) == (0, "Nothing is misconfigured.\n"), ended.stderr


def test_check_names_a_role_with_too_many_rights(configured: dict[str, str], database: EmbeddedDatabase) -> None:
    ended = khata("check", **configured | {"DATABASE_URL": database.superuser_url})
    assert ended.returncode == 1
    assert "the role is a superuser" in ended.stdout


def test_two_migrations_at_once_both_succeed(configured: dict[str, str]) -> None:
    environment = os.environ | configured
    both = [subprocess.Popen([KHATA, "migrate"], env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]


def test_the_runtime_role_may_add_transfers_and_never_alter_them(
    configured: dict[str, str], database: EmbeddedDatabase
) -> None:
    assert khata("migrate", **configured).returncode == 0
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        connection.execute("SELECT FROM ledger_transfer")
        for statement in (b"UPDATE ledger_transfer SET amount = 1", b"DELETE FROM ledger_transfer"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_an_empty_ledger_is_sound(configured: dict[str, str]) -> None:
    assert khata("migrate", **configured).returncode == 0
    ended = khata("verify-ledger", **configured)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("The ledger is sound: 0 organisations, 0 transfers")
    proof = json.loads(khata("verify-ledger", "--json", **configured).stdout)
    assert datetime.fromisoformat(proof.pop("proved_at")).tzinfo is not None
    assert proof == {"is_sound": True, "problems": [], "organisations_count": 0, "transfers_count": 0}


def test_a_row_made_by_hand_makes_verify_ledger_fail(tmp_path: Path) -> None:
    with embedded_postgres.start(tmp_path) as falsified:
        configured = configuration(falsified)
        assert khata("migrate", **configured).returncode == 0
        with psycopg.connect(falsified.owner_url, autocommit=True) as connection:
            connection.execute(
                """INSERT INTO ledger_transfer (organisation_id, seq, amount, lot_id, available_after, at, reference,
                                                shard, kind, source, target)
                   VALUES (1, 1, 1, 1, 1, now(), gen_random_uuid(), 1, 1, 1, 2)"""
            )
        ended = khata("verify-ledger", "--json", **configured)
    assert ended.returncode == 1
    proof = json.loads(ended.stdout)
    assert not proof["is_sound"]
    assert len(proof["problems"]) == 1


def test_serving_on_a_taken_port_is_refused(configured: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = khata("serve", "--port", str(taken.getsockname()[1]), **configured)
    assert ended.returncode == 4
    assert "for the web server is taken" in ended.stderr
