"""Ports are checked before anything is started."""

import socket

import pytest

from khata.cli import ports
from khata.cli.errors import Misconfigured, PortTaken


def test_a_taken_port_is_named_with_what_wanted_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} for the mailbox is taken") as refused:
            ports.require_free({"the mailbox": ("127.0.0.1", port)})
        assert refused.value.exit_code == 4
    ports.require_free({"the mailbox": ("127.0.0.1", port)})


def test_free_ports_are_all_different() -> None:
    assert len(set(ports.free_ports(20))) == 20


def test_one_port_for_two_purposes_is_refused() -> None:
    port = ports.free_port()
    with pytest.raises(Misconfigured, match=f"another one: {port}, {port}"):
        ports.require_free({"the mailbox": ("127.0.0.1", port), "the phone page": ("127.0.0.1", port)})


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_here_is_refused(host: str) -> None:
    with pytest.raises(Misconfigured, match=f"Cannot listen on {host}:8000"):
        ports.require_free({"the web server": (host, 8000)})
