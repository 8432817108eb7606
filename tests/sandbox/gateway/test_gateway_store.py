"""The gateway's records: another version's are refused in one sentence."""

import sqlite3
from pathlib import Path

import pytest

from khata_sandbox.gateway.store import Store
from khata_sandbox.process import StartRefused


def test_the_records_of_another_version_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "gateway.sqlite3") as earlier:
        earlier.execute("CREATE TABLE orders (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, amount_minor)")
    earlier.close()
    with pytest.raises(StartRefused, match=r"records of another version.*delete this one"):
        Store(tmp_path)


def test_ones_own_records_are_opened_again(tmp_path: Path) -> None:
    Store(tmp_path).close()
    Store(tmp_path).close()
