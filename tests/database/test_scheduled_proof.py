"""The proof on schedule: one at a time, its result kept, and only the wallet that does not add up is stopped."""

import logging
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

import psycopg
import pytest
from django.db.models import F

from khata.kernel.ids import public_organisation_id
from khata.kernel.transactions import in_transaction, with_pooled_connection
from khata.ledger import proof_runs
from khata.ledger.core import Capture, Condition, PlaceHold
from khata.ledger.models import LedgerProofRun, Wallet
from khata.ledger.operations import LedgerProof, is_proof_due, post_batch, prove_if_due
from khata.ledger.proof import prove_on
from khata.ledger.queries import balance
from tests.conftest import World
from tests.owner import owner_connection

GiveCredits = Callable[[int, int], None]
AT_ONCE = timedelta(0)
CREDIT = 1_000_000


@pytest.fixture
def funded(world: World, give_credits: GiveCredits) -> int:
    give_credits(world.organisation.id, 10)
    give_credits(world.chens_organisation.id, 10)
    return world.organisation.id


def prove() -> LedgerProofRun:
    run = prove_if_due(interval=AT_ONCE)
    assert run is not None
    return run


def test_a_sound_ledger_is_recorded_with_its_extent(funded: int) -> None:
    run = prove()
    assert (run.is_sound, run.problems) == (True, [])
    assert run.transfers_count >= 2
    assert run.organisations_count == Wallet.objects.count()
    assert run.took_ms >= 0
    assert LedgerProofRun.objects.get(id=run.id).proved_at == run.proved_at


def test_a_proof_is_due_once_in_its_interval(funded: int) -> None:
    prove()
    runs_count = LedgerProofRun.objects.count()
    assert not is_proof_due(interval=timedelta(hours=1))
    assert prove_if_due(interval=timedelta(hours=1)) is None
    assert LedgerProofRun.objects.count() == runs_count
    assert is_proof_due(interval=AT_ONCE)


def test_two_workers_do_not_prove_at_the_same_time(funded: int, monkeypatch: pytest.MonkeyPatch) -> None:
    is_proving, may_end = Event(), Event()

    def slow(raw: "psycopg.Connection[Any]") -> LedgerProof:
        is_proving.set()
        assert may_end.wait(60)
        return prove_on(raw)

    monkeypatch.setattr(proof_runs, "prove_on", slow)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(with_pooled_connection, partial(prove_if_due, interval=AT_ONCE))
        try:
            assert is_proving.wait(60)
            assert prove_if_due(interval=AT_ONCE) is None
        finally:
            may_end.set()
        assert first.result(60) is not None


def test_whoever_dies_while_proving_lets_go_of_the_lock(funded: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(raw: "psycopg.Connection[Any]") -> LedgerProof:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(proof_runs, "prove_on", die)
        prove_if_due(interval=AT_ONCE)
    assert prove().is_sound


def test_only_the_wallet_that_does_not_add_up_is_stopped(
    funded: int, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with altered(funded):
        run = prove()
    assert not run.is_sound
    assert balance(organisation_id=funded).is_frozen
    assert not balance(organisation_id=world.chens_organisation.id).is_frozen
    public_id = public_organisation_id(funded)
    assert all(problem.startswith(public_id) for problem in run.problems)
    alarms = [record.message for record in caplog.records if record.levelno == logging.CRITICAL]
    assert any("not sound" in alarm and public_id in alarm for alarm in alarms)
    assert f"sending is stopped for {public_id}" in alarms


def test_a_stopped_wallet_still_settles_what_it_holds(funded: int) -> None:
    message_id = uuid.uuid4()
    with in_transaction() as raw:
        post_batch(raw, [PlaceHold(funded, message_id, CREDIT)])
    with altered(funded):
        prove()
    with in_transaction() as raw:
        outcomes = post_batch(raw, [Capture(funded, message_id, CREDIT), PlaceHold(funded, uuid.uuid4(), CREDIT)])
    assert [outcome.condition for outcome in outcomes] == [Condition.ACCEPTED, Condition.WALLET_FROZEN]


def test_the_alarm_sounds_at_every_proof_until_it_is_mended(funded: int, caplog: pytest.LogCaptureFixture) -> None:
    with altered(funded):
        prove()
        caplog.clear()
        assert not prove().is_sound
    assert any(record.levelno == logging.CRITICAL for record in caplog.records)
    assert prove().is_sound


def test_a_worker_proves_in_a_process_of_its_own() -> None:
    LedgerProofRun.objects.update(proved_at="2020-01-01T00:00:00Z")
    with proving() as process:
        assert process.wait(60) == 0
    assert not is_proof_due(interval=timedelta(minutes=5))


def test_a_proof_ends_with_the_worker_that_started_it() -> None:
    """Here it waits for a table that it does not get, until its standard input says that the worker is gone."""
    LedgerProofRun.objects.update(proved_at="2020-01-01T00:00:00Z")
    runs_count = LedgerProofRun.objects.count()
    with owner_connection() as owner:
        owner.execute("lock table ledger_lot in access exclusive mode")
        with proving() as process:
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(60) == 1
            # It did not fail, it was ended.
            assert process.stderr is not None
            assert process.stderr.read() == b""
        owner.rollback()
    assert LedgerProofRun.objects.count() == runs_count


@contextmanager
def proving() -> Iterator["subprocess.Popen[bytes]"]:
    program = [sys.executable, "-m", "khata.workers.proving"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def altered(organisation_id: int) -> Iterator[None]:
    """Credits out of nothing, as somebody with a password of the database would make them; gone afterwards."""
    wallet = Wallet.objects.filter(organisation_id=organisation_id)
    wallet.update(available=F("available") + 1)
    try:
        yield
    finally:
        wallet.update(available=F("available") - 1)
