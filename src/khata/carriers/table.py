"""One table of the carriers file, read strictly: what is missing, misspelt or of the wrong kind is said in a sentence.

For drivers' `settings_of`. Secrets have been put in by then: `auth_token_env = "NAME"` has become `auth_token`.
"""

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Table:
    """Reads key after key; `end` refuses those nobody asked for. `where` begins every sentence: "acme.accepted"."""

    def __init__(self, where: str, content: Mapping[str, Any]) -> None:
        self.where = where
        self._content = dict(content)

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or (not value and default is None):
            raise ValueError(f"{self.where}: {key} must be a text that is not empty")
        return value

    def number(self, key: str, default: int, *, least: int = 1, most: int = 1_000_000) -> int:
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{self.where}: {key} must be a whole number from {least} to {most}")
        return value

    def number_or_none(self, key: str) -> int | None:
        return self.number(key, 1) if key in self else None

    def numbers(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        value = self._take(key, default)
        if not isinstance(value, list | tuple) or not all(type(item) is int for item in value):
            raise ValueError(f"{self.where}: {key} must be a list of whole numbers")
        return tuple(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, ())
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{self.where}: {key} must be a list of texts")
        return tuple(value)

    def texts_by_name(self, key: str) -> dict[str, str]:
        """A table with texts in it; an empty one where it is missing."""
        value = self._take(key, {})
        if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
            raise ValueError(f"{self.where}: {key} must be a table of texts")
        return dict(value)

    def table(self, key: str) -> "Table":
        """The table below; an empty one where it is missing."""
        value = self._take(key, {})
        if not isinstance(value, Mapping):
            raise ValueError(f"{self.where}: {key} must be a table")
        return Table(f"{self.where}.{key}", value)

    def tls_context(self, key: str) -> ssl.SSLContext:
        """That verifies the far end and its name, by the authorities in the file named there or by this machine's."""
        ca_file = self.text(key) if key in self else None
        try:
            return ssl.create_default_context(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise ValueError(f"{self.where}: {key} cannot be used: {error}") from None

    def anything(self, key: str) -> Any:
        """As it stands there; None where it is missing."""
        return self._take(key, None)

    def end(self) -> None:
        if self._content:
            raise ValueError(f"{self.where}: unknown: {', '.join(sorted(map(str, self._content)))}")

    def _take(self, key: str, default: Any) -> Any:
        return self._content.pop(key, default)


def check_address(where: str, url: str, *, is_sandbox: bool) -> None:
    """Raises ValueError for what is no address of a carrier, or none that credentials may travel to."""
    parts = _parts(url)
    if parts is None or not parts.hostname or parts.username or parts.fragment:
        raise ValueError(f"{where}: {url} is not an http:// or https:// address")
    if parts.scheme == "http" and not is_sandbox and parts.hostname not in LOOPBACK:
        raise ValueError(f"{where}: {url} must begin with https://, or messages and credentials travel in the open")


def _parts(url: str) -> SplitResult | None:
    """None where the scheme is another, or host or port are none."""
    try:
        parts = urlsplit(url)
        return parts if parts.scheme in ("http", "https") and parts.port != 0 else None
    except ValueError:
        return None
