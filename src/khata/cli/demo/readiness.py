"""Whether a child answers, asked the way its users will."""

import http.client
import socket
from urllib.parse import urlsplit

from khata.cli.demo.children import Child

TIMEOUT_S = 2.0


def is_ready(child: Child) -> bool:
    return all(_accepts(address) for address in child.tcp) and (not child.http or _answers(child))


def _accepts(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _answers(child: Child) -> bool:
    url = urlsplit(child.http)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", url.path)
        return connection.getresponse().status in child.http_statuses
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
