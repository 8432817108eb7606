"""The demo's addresses follow from where it listens."""

from pathlib import Path

import pytest

from khata.cli.demo.options import Options, Ports


def options(host: str) -> Options:
    return Options(Path("/data"), host, Ports(1, 2, 3, 4, 5, 6), False, False, "", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::"])
def test_shop_and_gateway_are_two_sites_on_this_machine(host: str) -> None:
    assert options(host).base_url == "http://localhost:1"
    assert options(host).gateway_url == "http://127.0.0.1:2"
    assert options(host).webhook_url == "http://127.0.0.1:1/callbacks/razorpay/webhook"


@pytest.mark.parametrize(("host", "in_url"), [("192.0.2.7", "192.0.2.7"), ("::1", "[::1]")])
def test_a_single_address_is_used_for_everything(host: str, in_url: str) -> None:
    assert options(host).base_url == f"http://{in_url}:1"
    assert options(host).gateway_url == f"http://{in_url}:2"
    assert options(host).connect_host == host


def test_only_ports_that_are_0_are_chosen() -> None:
    chosen = Ports(0, 2, 0, 4, 0, 6).chosen("127.0.0.1")
    assert (chosen.gateway, chosen.smtp, chosen.mailbox) == (2, 4, 6)
    assert 0 not in (chosen.web, chosen.smsc, chosen.phone)
