"""Ledger = gateway = tax documents, to the paisa, whatever goes wrong on the way (`money.py` runs a thousand)."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from khata.payments.ways import PayBy
from khata_sandbox.gateway import faults

from .money_run import FAULTS, run
from .truth import Journal, Taken, compare

TOP_UPS = 60


@pytest.fixture
def port() -> int:
    found = urlsplit(os.environ["KHATA_GATEWAY_RAZORPAY_BASE_URL"]).port
    assert found is not None
    return found


def test_after_every_fault_and_reconciliation_all_books_agree_to_the_paisa(tmp_path: Path, port: int) -> None:
    seed = secrets.randbelow(1_000_000)
    print(f"python -m tests.simulation.money --top-ups {TOP_UPS} --seed {seed}")
    verdict = run(top_ups=TOP_UPS, seed=seed, data_dir=tmp_path, port=port)
    assert verdict.problems == ()
    assert verdict.figures["captured at the gateway"] > verdict.figures["kept at the gateway"] > 0
    assert all(verdict.figures[f"credited by {way}"] > 0 for way in PayBy)


def test_a_run_switches_every_fault_on() -> None:
    assert {fault["fault"] for fault in FAULTS} == {fault.name for fault in faults.FAULTS}


def test_money_the_books_do_not_know_is_noticed() -> None:
    stranger = Taken("pay_1", "order_1", amount_minor=118_00, refunded_minor=0, disputed_minor=0)
    problems = compare(Journal({"pay_1": stranger}, open_refunds_count=1), organisation_ids=()).problems
    assert "pay_1 was captured and is not known here" in problems
    assert any("1 at the gateway" in problem for problem in problems)
    assert any("the sums differ" in problem for problem in problems)
