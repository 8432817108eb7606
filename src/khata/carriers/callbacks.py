"""What carriers reached by HTTP tell us by calling on us, and the drivers that understand them, by carrier.

A driver reads; the door that was called (`khata.callbacks.carriers`) stores what it read. Filled once by the
composition root.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, get_args
from urllib.parse import parse_qsl

from khata.carriers.errors import UnknownCarrier
from khata.carriers.port import CarrierNews

CallbackKind = Literal["status", "inbound"]
CALLBACK_KINDS: tuple[CallbackKind, ...] = get_args(CallbackKind)
FIELDS_MAX = 200
SECRET_LENGTH_MIN = 16

_SECRET = re.compile(r"[A-Za-z0-9_-]+")


class ForgedCallback(Exception):
    """Not the carrier's own, or nothing it would send. Says no more: a reason would help to guess."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One request as it came."""

    kind: CallbackKind
    method: Literal["GET", "POST"]
    path: str
    """From the first slash: "/callbacks/carriers/acme/status"."""
    query: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """By names in lower case."""
    secret: str = field(default="", repr=False)
    """The last part of the address, for carriers that do not sign."""

    def has_secret(self, secret: str) -> bool:
        """Whether the address ended in this secret; never where there is none."""
        return bool(secret) and hmac.compare_digest(self.secret.encode(errors="replace"), secret.encode())

    def form(self) -> list[tuple[str, str]]:
        """What its body says. Raises ForgedCallback for far too much."""
        return _fields(self.body.decode("utf-8", "replace"))

    def query_fields(self) -> list[tuple[str, str]]:
        """What its address says, likewise."""
        return _fields(self.query)


class Reply(NamedTuple):
    """What the carrier is answered once its news is stored."""

    body: str = ""
    content_type: str = "text/plain"


class CallbackReader(Protocol):
    """One carrier's way of calling on us."""

    def read_callback(self, callback: Callback) -> Sequence[CarrierNews]:
        """What it tells; nothing where it tells nothing of interest. Raises ForgedCallback."""
        ...

    def reply(self, kind: CallbackKind) -> Reply: ...


def is_secret(text: str) -> bool:
    """Whether it can end an address, and is too long to guess."""
    return len(text) >= SECRET_LENGTH_MIN and _SECRET.fullmatch(text) is not None


def readable(text: str) -> str:
    """The text without what no column can keep: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def register_callback_reader(name: str, reader: CallbackReader) -> None:
    """Raises ValueError where the name cannot stand in an address."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f"{name}: a carrier that calls on us has a name of letters, digits, “-” and “_”")
    _READERS[name] = reader


def callback_reader(name: str) -> CallbackReader:
    """Raises UnknownCarrier."""
    found = _READERS.get(name)
    if found is None:
        raise UnknownCarrier
    return found


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise ForgedCallback from error


_READERS: dict[str, CallbackReader] = {}
