"""The message centre as a process: starting, refusing to start, stopping."""

import signal
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from khata_sandbox.process import StartRefused
from khata_sandbox.smsc.settings import SmscSettings, accounts_from
from tests.cli.waiting import is_running

from ..far_end import DEADLINE_S, FarEnd, wait_until
from .certificates import self_signed
from .esme import Esme

PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], env=os.environ | {"SANDBOX_DIE_WITH_PARENT": "1"})
print(child.pid, flush=True)
time.sleep(600)
"""
EARLIER_JOURNAL = """
CREATE TABLE submits (
    id INTEGER PRIMARY KEY, received_at INTEGER, system_id TEXT, message_id TEXT UNIQUE, status INTEGER,
    is_answered INTEGER, state INTEGER, source TEXT, source_ton INTEGER, destination TEXT, phone TEXT,
    data_coding INTEGER, esm_class INTEGER, registered_delivery INTEGER, udh BLOB, octets BLOB, text TEXT,
    part_ref INTEGER, part_number INTEGER, part_count INTEGER, tlvs TEXT
);
CREATE TABLE receipts (
    id INTEGER PRIMARY KEY, message_id TEXT, state INTEGER, due_at INTEGER, answered_at INTEGER, answer_status INTEGER
);
INSERT INTO submits VALUES (
    1, 0, 'sandbox', 'OLD1', 0, 1, 2, 'HDRXYZ', 5, '91', '91', 0, 0, 1, x'', x'6869', 'hi', NULL, NULL, NULL, '[]'
);
INSERT INTO receipts VALUES (1, 'OLD1', 2, 0, NULL, NULL);
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_an_unbind_for_the_bound(own_smsc: FarEnd, number: int) -> None:
    with Esme(own_smsc.port) as esme:
        esme.bind()
        assert esme.submitted("919844440100").status == 0
        assert own_smsc.stop(number) == 0
        assert esme.expect(6)
    assert own_smsc.output == ""
    assert "SMSC ready" in own_smsc.errors
    assert "Traceback" not in own_smsc.errors


@pytest.mark.parametrize("port_name", ["port", "http_port"])
def test_a_taken_port_is_told_in_one_sentence(own_smsc: FarEnd, tmp_path: Path, port_name: str) -> None:
    second = FarEnd("smsc", tmp_path / "second")
    setattr(second, port_name, getattr(own_smsc, port_name))
    process = second.popen()
    output, errors = process.communicate(timeout=DEADLINE_S)
    port = getattr(own_smsc, port_name)
    sentence = f"khata-sandbox: Port {port} on 127.0.0.1 is taken by another program; stop it or choose another port.\n"
    assert (process.returncode, output, errors) == (1, "", sentence)
    second.http.close()


def test_a_data_folder_serves_one_process(own_smsc: FarEnd) -> None:
    second = FarEnd("smsc", own_smsc.data_dir)
    process = second.popen()
    _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert errors == f"khata-sandbox: The data folder {own_smsc.data_dir} is already in use by another process.\n"
    second.http.close()


def test_a_damaged_journal_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "smsc.sqlite3").write_bytes(b"this is no database" * 100)
    far_end = FarEnd("smsc", tmp_path)
    process = far_end.popen()
    _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert errors == f"khata-sandbox: The journal in {tmp_path} cannot be used: file is not a database.\n"
    far_end.http.close()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    far_end = FarEnd("smsc", tmp_path / "smsc")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *far_end.command()], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    wait_until(lambda: _listens(far_end.port), "the child to listen")
    parent.kill()
    parent.wait(DEADLINE_S)
    parent.stdout.close()
    wait_until(lambda: not _listens(far_end.port), "the child to end")
    wait_until(lambda: not is_running(child), "the child to be gone")
    far_end.http.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"system_id": ""},
        {"system_id": "x" * 16},
        {"password": ""},
        {"password": "ninechars"},
        {"password": "ä"},
        {"receipt_delay_ms": -1},
        {"more_accounts": {"x" * 16: "secret"}},
        {"more_accounts": {"asha": ""}},
        {"window": 0},
        {"seed": -1},
        {"tls_cert": Path("cert.pem")},
        {"host": "0.0.0.0"},
    ],
)
def test_settings_without_room_in_the_protocol_are_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    known: dict[str, object] = {"host": "127.0.0.1", "port": 0, "http_port": 0, "data_dir": tmp_path}
    with pytest.raises(StartRefused):
        SmscSettings(**known | wrong)  # type: ignore[arg-type]


def test_a_password_never_stands_in_a_printed_setting(tmp_path: Path) -> None:
    assert "hunter22" not in repr(SmscSettings("127.0.0.1", 0, 0, tmp_path, password="hunter22"))


def test_a_further_account_needs_a_password() -> None:
    assert accounts_from(["asha:first", "bilal:a:b"]) == {"asha": "first", "bilal": "a:b"}
    with pytest.raises(StartRefused):
        accounts_from(["asha"])


def test_a_journal_of_an_earlier_release_is_taken_over(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "smsc.sqlite3")) as database:
        database.executescript(EARLIER_JOURNAL)
    with FarEnd("smsc", tmp_path) as smsc, Esme(smsc.port) as esme:
        esme.bind()
        assert b"id:OLD1 " in esme.receipt()
        (row,) = smsc.get("/submits.json")
        assert (row["message_id"], row["faults"]) == ("OLD1", [])


def test_tls_is_spoken_where_a_certificate_is_given(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    files = {"SANDBOX_SMSC_TLS_CERT": str(certificate), "SANDBOX_SMSC_TLS_KEY": str(key)}
    context = ssl.create_default_context(cafile=str(certificate))
    with FarEnd("smsc", tmp_path / "smsc", **files) as smsc, Esme(smsc.port, tls=context) as esme:
        assert esme.bind().status == 0
        assert esme.submitted("919844440101").status == 0


def test_a_certificate_that_is_none_is_told_in_one_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "cert.pem"
    wrong.write_text("no certificate")
    far_end = FarEnd("smsc", tmp_path, SANDBOX_SMSC_TLS_CERT=str(wrong), SANDBOX_SMSC_TLS_KEY=str(wrong))
    process = far_end.popen()
    _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert errors.startswith("khata-sandbox: The TLS certificate and key cannot be used: ")
    far_end.http.close()


def _listens(port: int) -> bool:
    try:
        with Esme(port):
            return True
    except OSError:
        return False
