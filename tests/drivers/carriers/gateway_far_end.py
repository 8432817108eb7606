"""A stand-in for the simple HTTP APIs many carriers have: JSON or form in, JSON or a line of text out."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from .far_server import Asked, Told

SECRET, CALLBACK_SECRET = "the-carriers-key", "callback-secret-0001"
REFUSED, THROTTLED, SILENT, LOST = "919812340001", "919812340005", "919812340004", "919812340002"

Deliver = Callable[[str, str, bytes, dict[str, str]], None]
"""Address, query, body and headers of a callback."""


@dataclass
class JsonGateway:
    """Takes JSON, answers JSON, reports several at once as JSON."""

    deliver: Deliver
    arrived: list[tuple[str, str]] = field(default_factory=list)
    """Recipient and text, in the order they came."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Told | None:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return told(401, {"type": "error", "code": "unauthorised", "text": "Who are you?"})
        body = json.loads(asked.body)
        [message] = body["messages"]
        with self.lock:
            self.asked.append(body)
            return self._take(body["callback"], str(message["to"]), message["text"])

    def _take(self, callback: str, to: str, text: str) -> Told | None:
        match to:
            case to if to == REFUSED:
                return told(200, {"type": "error", "code": 107, "text": "Invalid number"})
            case to if to == THROTTLED:
                return told(200, {"type": "error", "code": "queue_full", "text": "Later, please"})
            case to if to == SILENT:
                return None
        self.arrived.append((to, text))
        ref = 70_000 + len(self.arrived)
        told_of_it = [{"id": ref, "status": "SENT"}, {"id": ref, "status": "LOST" if to == LOST else "OK", "err": "7"}]
        body = json.dumps({"reports": told_of_it}).encode()
        self.deliver(callback, "", body, {"content-type": "application/json"})
        return told(200, {"type": "success", "data": [{"id": ref}]})


@dataclass
class LineGateway:
    """Takes a form, answers a line of text, reports by a GET under the reference it was given."""

    deliver: Deliver
    arrived: list[tuple[str, str]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Told | None:
        with self.lock:
            form = dict(parse_qsl(asked.query) + parse_qsl(asked.body.decode(), strict_parsing=True))
            self.asked.append(form)
            if form["key"] != SECRET:
                return line("ERR 101: wrong key", 403)
            return self._take(form)

    def _take(self, form: dict[str, str]) -> Told | None:
        match form["dest"]:
            case to if to == REFUSED:
                return line("ERR 107: invalid number")
            case to if to == THROTTLED:
                return line("busy", 503)
            case to if to == SILENT:
                return None
        self.arrived.append((form["dest"], form["msg"]))
        state = "UNDELIV" if form["dest"] == LOST else "DELIVRD"
        self.deliver(form["dlr"], urlencode({"myid": form["id"], "stat": state}), b"", {})
        return line("OK")


def told(status: int, body: object) -> Told:
    return Told(status, json.dumps(body).encode())


def line(text: str, status: int = 200) -> Told:
    return Told(status, text.encode(), "text/plain")
