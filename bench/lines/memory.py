"""Memory of the web server and of the worker: when nobody asks for anything, and at most under load."""

import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import psutil  # type: ignore[import-untyped]

from bench.customer import open_customer
from bench.figures import Figure
from bench.load import hold_rate, saturate
from bench.stage import HOST, Stage, wait_until
from khata.messaging import queries
from khata.messaging.core.life import MessageStatus

CONNECTIONS_COUNT = 128
SAMPLE_INTERVAL_S = 0.1
DELIVERY_DEADLINE_S = 30.0

Processes = Mapping[str, "subprocess.Popen[bytes]"]


def measure(stage: Stage) -> Iterator[Figure]:
    customer = open_customer(stage)
    target = customer.messages(f"http://{HOST}:{stage.options.ports.web}")

    def is_delivered() -> bool:
        page = queries.messages(organisation_id=customer.organisation_id, limit=1)
        return [row.status for row in page.rows] == [MessageStatus.DELIVERED]

    with stage.running("smsc", "web", "worker") as running:
        # One message there and back: everything is imported and connected now.
        hold_rate(target, per_s=1, seconds=1)
        wait_until(is_delivered, DELIVERY_DEADLINE_S, "the first message is delivered")
        at_rest = {name: _resident_mb(running[name]) for name in ("web", "worker")}
        with _watching(running, "web", "worker") as most:
            saturate(target, connections_count=CONNECTIONS_COUNT, seconds=stage.scale.seconds, folder=stage.folder)
    for name in ("web", "worker"):
        yield Figure(f"memory of {name}, at rest", at_rest[name], "MB", note="resident, all its processes")
        yield Figure(f"memory of {name}, under load", most[name], "MB", note=f"most; {CONNECTIONS_COUNT} connections")


@contextmanager
def _watching(running: Processes, *names: str) -> Iterator[dict[str, float]]:
    """The most each had, sampled beside what happens in the block."""
    most = dict.fromkeys(names, 0.0)
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(SAMPLE_INTERVAL_S):
            for name in names:
                most[name] = max(most[name], _resident_mb(running[name]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        is_over.set()
        watcher.join()


def _resident_mb(process: "subprocess.Popen[bytes]") -> float:
    """Of the process and all its children; memory they share counts for each."""
    root = psutil.Process(process.pid)
    total = 0
    for each in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total / 2**20
