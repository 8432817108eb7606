"""Environment variables, read as texts, numbers, addresses and networks; any of them may stand in a file instead."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from urllib.parse import urlsplit

from khata.webhooks.core.targets import Network

_PERCENT = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2})?", re.ASCII)


class Misconfigured(Exception):
    """The environment is wrong; the message says what and how to mend it."""


def read_secret(name: str) -> str:
    """The value of a variable that the carriers file names, or of the file that `NAME_FILE` names."""
    return Variables(os.environ).required(name)


class Variables:
    """Every reading raises Misconfigured where the value is not of its kind."""

    def __init__(self, source: Mapping[str, str]) -> None:
        self._source = source

    def text(self, name: str, default: str) -> str:
        """`NAME`, or the content of the file named by `NAME_FILE` (for secrets)."""
        path = self._source.get(f"{name}_FILE")
        if path:
            try:
                with open(path, encoding="utf-8") as file:
                    return file.read().strip()
            except OSError as error:
                raise Misconfigured(f"{name}_FILE cannot be read: {error.strerror}.") from error
        return self._source.get(name, default).strip() or default

    def required(self, name: str) -> str:
        value = self.text(name, "")
        if not value:
            raise Misconfigured(f"{name} is not set.")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise Misconfigured(f"{name} must be one of {', '.join(choices)}, not “{value}”.")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit():
            raise Misconfigured(f"{name} must be a whole number, not “{value}”.")
        return int(value)

    def percent(self, name: str, default: str) -> int:
        """In hundredths of a percent: "25.5" → 2550."""
        value = self.text(name, default)
        if not _PERCENT.fullmatch(value):
            raise Misconfigured(f"{name} must be a percentage like 18 or 25.5, not “{value}”.")
        whole, _, rest = value.partition(".")
        return int(whole) * 100 + int(rest.ljust(2, "0"))

    def url(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        if not _is_web_address(value):
            raise Misconfigured(f"{name} must be an http:// or https:// address, not “{value}”.")
        return value

    def several(self, name: str, default: str = "") -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def networks(self, name: str) -> tuple[Network, ...]:
        try:
            return tuple(ip_network(text) for text in self.several(name))
        except ValueError as error:
            raise Misconfigured(f"{name} must list networks like 10.0.0.0/8: {error}.") from error


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
