"""`khata serve` with several processes, and a worker: what they count and say, seen from outside."""

import json
import os
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from tests.ports import free_port

KHATA = Path(sysconfig.get_path("scripts")) / "khata"
DEADLINE_S = 60


@contextmanager
def running(log: IO[bytes], *arguments: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Ended by SIGTERM, and cleanly."""
    process = subprocess.Popen([KHATA, *arguments], env=os.environ | environment, stdout=log, stderr=log)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_each_process_answers_metrics_for_all_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = tmp_path / "log"
    with (
        log.open("wb") as file,
        running(file, "serve", "--port", str(port), "--workers", "2", TMPDIR=str(tmp_path)) as serve,
    ):
        wait_for(lambda: answers(f"{url}/readyz"))
        for _ in range(20):  # On connections of their own, so that both processes get some.
            assert httpx.get(f"{url}/v1/balance").status_code == 401
        for _ in range(4):
            metrics = httpx.get(f"{url}/metrics")
            assert metrics.status_code == 200
            assert 'khata_requests_total{door="api",status="401"} 20.0' in metrics.text
            assert 'khata_refusals_total{code="invalid_api_key"} 20.0' in metrics.text
        assert serve.poll() is None
    assert list(tmp_path.iterdir()) == [log]
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum(event["message"] == "GET /v1/balance 401" for event in events) == 20
    assert {event["logger"] for event in events} >= {"_granian", "khata.access"}


def test_a_worker_shows_its_metrics_where_it_is_told_to(tmp_path: Path) -> None:
    port = free_port()
    with (
        (tmp_path / "log").open("wb") as file,
        running(file, "worker", "--metrics-port", str(port), KHATA_PROOF_INTERVAL_MINUTES="0"),
    ):
        url = f"http://127.0.0.1:{port}/metrics"
        wait_for(lambda: answers(url))
        wait_for(lambda: 'khata_carrier_bound{carrier="smpp"} 0.0' in httpx.get(url).text)


def test_a_worker_does_not_show_metrics_to_other_machines_without_a_token() -> None:
    command = [str(KHATA), "worker", "--metrics-port", str(free_port()), "--metrics-host", "0.0.0.0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ended.returncode == 2
    assert "set KHATA_METRICS_TOKEN" in ended.stderr
