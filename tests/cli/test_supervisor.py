"""The demo's processes: all ready or none, back after a death, gone after the end."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from khata.cli import ports
from khata.cli.demo.children import Child
from khata.cli.demo.interrupts import SIGNALS, Interrupts
from khata.cli.demo.supervisor import Supervisor
from khata.cli.errors import ProcessFailed

from .waiting import is_running, wait_until

LISTEN = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client, _ = listener.accept()
    client.sendall(str(os.getpid()).encode())
    client.close()
"""


DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    interrupts = Interrupts()
    interrupts.may_raise = False
    yield interrupts
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, interrupts: Interrupts, told: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path, interrupts, told.append)
    yield supervisor
    supervisor.stop()


def child(name: str, program: str, *arguments: object, tcp: tuple[tuple[str, int], ...] = ()) -> Child:
    command = (sys.executable, "-c", program, *(str(argument) for argument in arguments))
    return Child(name, command, dict(os.environ), tcp=tcp)


def listener(port: int) -> Child:
    return child("listener", LISTEN, port, tcp=(("127.0.0.1", port),))


def answering_pid(port: int) -> int | None:
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            return int(connection.recv(20))
    except (OSError, ValueError):  # It is not there yet, or it was killed while it answered.
        return None


def test_starting_waits_until_all_are_ready_and_stopping_leaves_none(supervisor: Supervisor, told: list[str]) -> None:
    listeners = [listener(port) for port in ports.free_ports(2)]
    supervisor.start(listeners)
    pids = [answering_pid(port) for each in listeners for _, port in each.tcp]
    assert told == ["listener is ready", "listener is ready"]
    supervisor.stop()
    assert [pid for pid in pids if pid is None or is_running(pid)] == []


def test_one_that_ends_while_starting_is_named_with_its_last_words(supervisor: Supervisor) -> None:
    broken = child("gateway", "import sys; sys.exit('the store is locked')", tcp=(("127.0.0.1", ports.free_port()),))
    with pytest.raises(
        ProcessFailed, match=r"(?s)^gateway ended while starting \(exit code 1\)\..*the store is locked"
    ):
        supervisor.start([broken])


def test_a_preparation_that_fails_is_named_with_its_last_words(supervisor: Supervisor) -> None:
    with pytest.raises(ProcessFailed, match=r"(?s)^migrate failed \(exit code 3\)\..*no such column"):
        supervisor.run_to_end(child("migrate", "import sys; print('no such column'); sys.exit(3)"))


def test_one_that_dies_later_is_started_again(supervisor: Supervisor, told: list[str]) -> None:
    port = ports.free_port()
    supervisor.start([listener(port)])
    first = answering_pid(port)
    assert first

    def kill_and_await_the_next() -> None:
        try:
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: answering_pid(port) not in (None, first), "the listener was back")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    outside = Thread(target=kill_and_await_the_next)
    outside.start()
    supervisor.watch()
    outside.join()
    assert "listener ended (signal SIGKILL): starting it again in 0 s" in told


def test_a_second_signal_makes_the_end_quick(supervisor: Supervisor, interrupts: Interrupts, tmp_path: Path) -> None:
    supervisor.start([child("deaf", DEAF)])
    log = tmp_path / "deaf.log"
    wait_until(lambda: log.read_text() != "", "it ignores SIGTERM")
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
    assert interrupts.is_hurried
    supervisor.stop()
    assert not is_running(int(log.read_text()))
