"""What an operator sets to describe a carrier with a simple HTTP API (docs/guide/http-carriers.md)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from khata.carriers.callbacks import SECRET_LENGTH_MIN, is_secret
from khata.carriers.drivers.http.callbacks import CallbackForm, inbound_of, receipts_of
from khata.carriers.drivers.http.rules import AnswerRules, rules_of
from khata.carriers.drivers.http.templates import (
    HEADER_PLACEHOLDERS,
    Shape,
    Template,
    names_in,
    shape_of,
    templates_of,
)
from khata.carriers.table import Table, check_address

_METHODS = ("GET", "POST")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"([!-~]([ -~]*[!-~])?)?")
_ENCODINGS = {"gsm7": "gsm7", "ucs2": "ucs2"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. One of `form` and `json`, or neither."""

    method: str
    url: str
    headers: Mapping[str, Template]
    query: Mapping[str, Template]
    form: Mapping[str, Template]
    json: Shape | None

    @property
    def names(self) -> set[str]:
        """Of all its placeholders."""
        pairs = (*self.headers.values(), *self.query.values(), *self.form.values())
        return {name for template in pairs for name in template.names} | names_in(self.json or {})


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """One carrier. Raises ValueError where a value cannot work; the message never holds a secret."""

    name: str
    """Names the carrier in our rows and in the address of its callbacks."""
    request: Request
    rules: AnswerRules
    is_sandbox: bool
    public_url: str
    """Where the carrier reaches us: scheme and host, no path."""
    secret: str = field(default="", repr=False)
    user: str = ""
    """With `password`: HTTP's Basic authentication."""
    password: str = field(default="", repr=False)
    callback_secret: str = field(default="", repr=False)
    """The last part of the addresses the carrier calls; nobody else must know it."""
    encodings: Mapping[str, str] = field(default_factory=lambda: dict(_ENCODINGS))
    """What {encoding} becomes."""
    receipts: CallbackForm | None = None
    inbound: CallbackForm | None = None
    window: int = 20
    submits_per_s_max: int | None = None
    timeout_s: int = 10
    """How long an answer may take before the message is `Unknown`."""

    def __post_init__(self) -> None:
        check_address(self.name, self.request.url, is_sandbox=self.is_sandbox)
        check_address(self.name, self.public_url, is_sandbox=True)
        if "secret" in self.request.names and not self.secret:
            raise ValueError(f"{self.name}: {{secret}} is used, but no secret_env names its variable")
        self._check_request()
        if bool(self.user) != bool(self.password):
            raise ValueError(f"{self.name}: user and password_env belong together")
        if set(self.encodings) != set(_ENCODINGS):
            raise ValueError(f"{self.name}: encodings names gsm7 and ucs2, nothing else")
        self._check_callbacks()

    @property
    def callback_url(self) -> str:
        """Of receipts; "" where the carrier tells none."""
        if self.receipts is None:
            return ""
        return f"{self.public_url}/callbacks/carriers/{self.name}/status/{self.callback_secret}"

    def _check_request(self) -> None:
        request = self.request
        if request.method not in _METHODS:
            raise ValueError(f"{self.name}: method is GET or POST")
        if (request.form or request.json is not None) and request.method == "GET":
            raise ValueError(f"{self.name}: form and json need method = “POST”")
        if request.form and request.json is not None:
            raise ValueError(f"{self.name}: one of form and json, not both")
        if "?" in request.url:
            raise ValueError(f"{self.name}: what follows the “?” of the url belongs into query")
        self._check_headers()
        if not {"to", "to_digits"} & request.names or "text" not in request.names:
            raise ValueError(f"{self.name}: {{to}} or {{to_digits}}, and {{text}}, must be sent")
        if not self.rules.has_own_ids and "reference" not in request.names:
            raise ValueError(
                f"{self.name}: without an id of the carrier’s, {{reference}} must be sent to be reported by"
            )

    def _check_headers(self) -> None:
        for header, template in self.request.headers.items():
            if not _HEADER_NAME.fullmatch(header):
                raise ValueError(f"{self.name}: {header} is no name of a header")
            if not _HEADER_VALUE.fullmatch(template.filled({"reference": "msg_1", "secret": self.secret}) or ""):
                raise ValueError(f"{self.name}: the header {header} holds more than printable ASCII")

    def _check_callbacks(self) -> None:
        if self.receipts is None and self.inbound is None:
            return
        if not is_secret(self.callback_secret):
            raise ValueError(
                f"{self.name}: callback_secret_env must name a variable with at least {SECRET_LENGTH_MIN} "
                "letters, digits, “-” or “_”"
            )


def settings_of(name: str, table: Mapping[str, Any], *, is_sandbox: bool) -> HttpSettings:
    """From a table of the carriers file. Raises ValueError with a sentence."""
    read = Table(name, table)
    settings = HttpSettings(
        name=name,
        request=_request(read),
        rules=rules_of(read),
        is_sandbox=is_sandbox,
        public_url=read.text("public_url").rstrip("/"),
        secret=read.text("secret", ""),
        user=read.text("user", ""),
        password=read.text("password", ""),
        callback_secret=read.text("callback_secret", ""),
        encodings=read.texts_by_name("encodings") or _ENCODINGS,
        receipts=receipts_of(read),
        inbound=inbound_of(read),
        window=read.number("window", 20, most=1_000),
        submits_per_s_max=read.number_or_none("submits_per_s_max"),
        timeout_s=read.number("timeout_s", 10, most=120),
    )
    read.end()
    return settings


def _request(read: Table) -> Request:
    json = read.anything("json")
    return Request(
        method=read.text("method", "POST"),
        url=read.text("url"),
        headers=templates_of(f"{read.where}.headers", read.texts_by_name("headers"), HEADER_PLACEHOLDERS),
        query=templates_of(f"{read.where}.query", read.texts_by_name("query")),
        form=templates_of(f"{read.where}.form", read.texts_by_name("form")),
        json=None if json is None else shape_of(f"{read.where}.json", json),
    )
