"""What the carrier calls us with: receipts and messages from phones, as the operator described them."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from khata.carriers.callbacks import Callback, Reply
from khata.carriers.drivers.http.paths import TEXT_LENGTH_MAX, text_at, value_at
from khata.carriers.port import CarrierNews, InboundMessage, Receipt, ReceiptState
from khata.carriers.table import Table

logger = logging.getLogger(__name__)

ITEMS_MAX = 1_000
REPLY = Reply("OK")

_RECEIPT_NAMES = ("id", "state", "error_code", "list")
_INBOUND_NAMES = ("id", "from", "to", "text", "list")
_TELEPHONE_NUMBER = re.compile(r"[1-9][0-9]{7,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CallbackForm:
    """Where things stand in what the carrier calls with: our name → its parameter, or path in its JSON."""

    names: Mapping[str, str]
    states: Mapping[str, ReceiptState]
    """Its word → ours; a word that is not here is not believed. Empty for messages from phones."""


def receipts_of(read: Table) -> CallbackForm | None:
    """Raises ValueError."""
    return _form(read, "receipts", _RECEIPT_NAMES, ("id", "state"))


def inbound_of(read: Table) -> CallbackForm | None:
    """Raises ValueError."""
    return _form(read, "inbound", _INBOUND_NAMES, ("from", "to", "text"))


def read_receipts(callback: Callback, form: CallbackForm, *, carrier: str, received_at: datetime) -> list[CarrierNews]:
    return [
        _receipt(item, form, carrier, received_at)
        for item in _items(callback, form, carrier)
        if text_at(item, form.names["id"])
    ]


def read_inbound(callback: Callback, form: CallbackForm, *, carrier: str, received_at: datetime) -> list[CarrierNews]:
    return [
        _inbound(item, form, carrier, received_at)
        for item in _items(callback, form, carrier)
        if text_at(item, form.names["from"])
    ]


def _form(read: Table, key: str, names: tuple[str, ...], required: tuple[str, ...]) -> CallbackForm | None:
    if key not in read:
        return None
    table = read.table(key)
    found = {name: table.text(name) for name in names if name in table or name in required}
    words = table.texts_by_name("states") if "state" in required else {}
    table.end()
    if strange := sorted(set(words.values()) - set(ReceiptState)):
        raise ValueError(f"{table.where}.states: {', '.join(strange)} is none of {', '.join(ReceiptState)}")
    return CallbackForm(found, {word: ReceiptState(state) for word, state in words.items()})


def _items(callback: Callback, form: CallbackForm, carrier: str) -> Iterator[Any]:
    """Each thing told, as JSON or as a form."""
    found = _content(callback)
    if "list" in form.names:
        found = value_at(found, form.names["list"])
    items = found if isinstance(found, list) else [found]
    if len(items) > ITEMS_MAX:
        logger.warning("%s: of %d things told at once only the first %d were read", carrier, len(items), ITEMS_MAX)
    readable_items = [item for item in items[:ITEMS_MAX] if isinstance(item, Mapping)]
    if not readable_items:
        logger.warning("%s: a callback tells nothing that can be read", carrier)
    yield from readable_items


def _content(callback: Callback) -> Any:
    if "json" in callback.headers.get("content-type", ""):
        try:
            return json.loads(callback.body)
        except (ValueError, RecursionError):
            return None
    return dict(callback.query_fields() + callback.form())


def _receipt(item: Any, form: CallbackForm, carrier: str, received_at: datetime) -> Receipt:
    word = text_at(item, form.names["state"])
    code = text_at(item, form.names["error_code"]) if "error_code" in form.names else ""
    raw = f"{word} {code}".strip()
    return Receipt(
        carrier,
        text_at(item, form.names["id"])[:TEXT_LENGTH_MAX],
        form.states.get(word, ReceiptState.UNKNOWN),
        code[:TEXT_LENGTH_MAX],
        raw[:TEXT_LENGTH_MAX],
        received_at,
    )


def _inbound(item: Any, form: CallbackForm, carrier: str, received_at: datetime) -> InboundMessage:
    ref = text_at(item, form.names["id"]) if "id" in form.names else ""
    sender = text_at(item, form.names["from"])
    if _TELEPHONE_NUMBER.fullmatch(sender):
        sender = f"+{sender}"
    recipient, text = text_at(item, form.names["to"]), text_at(item, form.names["text"])
    return InboundMessage(carrier, ref[:TEXT_LENGTH_MAX], sender[:64], recipient[:64], text, received_at)
