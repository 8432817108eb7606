"""TXT records as DNS has them now."""

from collections.abc import Callable, Sequence

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from khata.mail.configuration import mail_configuration

TIMEOUT_S = 5.0

FindTexts = Callable[[str], Sequence[str] | None]
"""The TXT records under a name, each whole; none is an empty answer, None means that DNS did not answer."""


def find_texts(name: str) -> Sequence[str] | None:
    """Asks the configured servers, or the machine's own. Blocks for TIMEOUT_S at most."""
    try:
        answer = _resolver(mail_configuration().dns_servers).resolve(name, "TXT", lifetime=TIMEOUT_S, search=False)
    except (NXDOMAIN, NoAnswer):
        return ()
    except (DNSException, OSError):
        return None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _resolver(servers: Sequence[str]) -> Resolver:
    if not servers:
        return Resolver()
    resolver = Resolver(configure=False)
    places = [(address.strip("[]"), int(port)) for address, _, port in (each.rpartition(":") for each in servers)]
    resolver.nameservers = [host for host, _ in places]
    resolver.nameserver_ports = dict(places)
    return resolver
