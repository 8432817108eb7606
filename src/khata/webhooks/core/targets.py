"""Where a webhook may go: addresses of the public internet, and networks the operator opened.

A name is checked when it is connected to, by the addresses it has then; what can be told from the text alone is told
when the address is typed.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

URL_LENGTH_MAX = 2_000
PUBLIC_PORTS = (443, 8443)

# What `is_global` lets through in one Python or another, and what leads to an IPv4 address inside.
_NEVER_PUBLIC: Sequence[Network] = [
    ip_network(text)
    for text in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
        "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip
_PRINTABLE = re.compile(r"[!-~]+")


class NotATarget(ValueError):
    """Webhooks do not go there; the message says why."""


def is_public(address: Address) -> bool:
    """Whether it is an address of the public internet, and of nothing else."""
    return address.is_global and not any(address in network for network in _NEVER_PUBLIC)


def check_address(address: Address, *, scheme: str, port: int, opened: Sequence[Network]) -> None:
    """Raises NotATarget. In the networks the operator opened any scheme and any port will do."""
    if any(address in network for network in opened):
        return
    if not is_public(address):
        raise NotATarget(f"{address} is no address of the public internet.")
    if scheme != "https" or port not in PUBLIC_PORTS:
        raise NotATarget("Webhooks go by https, to port 443 or 8443.")


def check_url(url: str, *, opened: Sequence[Network]) -> None:
    """What the text alone tells. Raises NotATarget."""
    if len(url) > URL_LENGTH_MAX or not _PRINTABLE.fullmatch(url):
        raise NotATarget(f"Enter an address of at most {URL_LENGTH_MAX:,} characters, without spaces.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotATarget("This is no web address.") from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise NotATarget("Enter an address that begins with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotATarget("Leave out user names, passwords and fragments: requests are signed.")
    if not opened and (parts.scheme != "https" or port not in (None, *PUBLIC_PORTS)):
        raise NotATarget("Webhooks go by https, to port 443 or 8443.")
