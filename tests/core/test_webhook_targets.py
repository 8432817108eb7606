"""Where webhooks may go: the public internet by https, and what the operator opened; nothing inside by any spelling."""

from ipaddress import ip_address, ip_network

import pytest

from khata.webhooks.core.targets import NotATarget, check_address, check_url, is_public

INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
    "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"]
LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_inside_is_never_public(text: str) -> None:
    assert not is_public(ip_address(text))
    with pytest.raises(NotATarget):
        check_address(ip_address(text), scheme="https", port=443, opened=())


@pytest.mark.parametrize("text", PUBLIC)
def test_an_address_of_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))
    check_address(ip_address(text), scheme="https", port=443, opened=())
    check_address(ip_address(text), scheme="https", port=8443, opened=LOOPBACK)


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("http", 443), ("https", 22), ("https", 8080)])
def test_the_internet_is_gone_to_by_https_only_and_to_its_ports(scheme: str, port: int) -> None:
    with pytest.raises(NotATarget, match="443 or 8443"):
        check_address(ip_address("8.8.8.8"), scheme=scheme, port=port, opened=LOOPBACK)


def test_what_the_operator_opened_may_be_gone_to_and_nothing_beside_it() -> None:
    check_address(ip_address("127.0.0.1"), scheme="http", port=9, opened=LOOPBACK)
    for text in ("128.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1"):
        with pytest.raises(NotATarget):
            check_address(ip_address(text), scheme="http", port=9, opened=LOOPBACK)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com", "https://hooks.example.com/a?b=c", "https://hooks.example.com:8443/x",
        "https://xn--bcher-kva.example/", "https://[2606:4700::1111]/x",
    ],
)  # fmt: skip
def test_an_address_may_be_typed(url: str) -> None:
    check_url(url, opened=())


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example.com", "/hooks", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
        "http://example.com/", "https://", "https:///x", "https://example.com:22/", "https://example.com:0/",
        "https://example.com:99999/", "https://user:word@example.com/", "https://@example.com/",
        "https://example.com/#part", "https://exa mple.com/", "https://example.com/\r\nHost: x", "https://example.com/\0",
        "https://bücher.example/", "https://[::1", "https://example.com/" + "x" * 2_000,
    ],
)  # fmt: skip
def test_what_is_no_address_for_webhooks_is_refused_when_it_is_typed(url: str) -> None:
    with pytest.raises(NotATarget):
        check_url(url, opened=())


def test_where_a_network_is_open_http_and_any_port_may_be_typed() -> None:
    check_url("http://127.0.0.1:9000/hooks", opened=LOOPBACK)
    with pytest.raises(NotATarget):
        check_url("ftp://127.0.0.1/", opened=LOOPBACK)
