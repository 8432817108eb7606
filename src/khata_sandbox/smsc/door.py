"""The message centre for programs, JSON in and out: what it saw, its switches, and what a phone would send.

Nothing here is SMPP's: an ESME never calls it, tests and demonstrations do.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from khata_sandbox.smsc.centre import MessageCentre
from khata_sandbox.smsc.faults import FAULTS
from khata_sandbox.smsc.inbound import TEXT_LENGTH_MAX
from khata_sandbox.smsc.journal import Row
from khata_sandbox.smsc.numbers import MessageState, status_name
from khata_sandbox.smsc.phone import PhoneMessage, digits_of, read_messages
from khata_sandbox.smsc.receipts import STAT
from khata_sandbox.switches import SwitchRefused
from khata_sandbox.web.bodies import read_object
from khata_sandbox.web.pages import rfc3339

_ROWS_MAX: Final = 10_000
_SUBMITS = "SELECT * FROM submits WHERE id > ? AND (? = '' OR phone = ?) ORDER BY id LIMIT ?"
_RECEIPTS = "SELECT * FROM receipts WHERE id > ? AND (? = '' OR message_id = ?) ORDER BY id LIMIT ?"
_INBOUND = "SELECT * FROM inbound WHERE id > ? AND (? = '' OR phone = ?) ORDER BY id LIMIT ?"

Json = dict[str, Any]


def create_door(centre: MessageCentre) -> list[Route]:
    door = _Door(centre)
    return [
        Route("/messages.json", door.messages),
        Route("/submits.json", door.submits),
        Route("/receipts.json", door.receipts),
        Route("/inbound.json", door.inbound),
        Route("/inbound.json", _told(door.send_inbound), methods=["POST"]),
        Route("/faults.json", door.faults),
        Route("/faults.json", _told(door.switch_on), methods=["POST"]),
        Route("/faults.json", _told(door.switch_off), methods=["DELETE"]),
        Route("/seed.json", _told(door.begin_anew), methods=["POST"]),
    ]


class InboundRefused(ValueError):
    """A phone cannot send that; the message is one sentence."""


def send_inbound(centre: MessageCentre, given: Json) -> None:
    """`from` (digits), `to`, `text` and, where several systems may bind, `system_id`. Raises `InboundRefused`."""
    if unknown := sorted(given.keys() - {"from", "to", "text", "system_id"}):
        raise InboundRefused(f"A message from a phone has no {', '.join(unknown)}.")
    phone, destination, text = (given.get(name) for name in ("from", "to", "text"))
    system_id = given.get("system_id", centre.settings.system_id)
    if not isinstance(phone, str) or not 1 <= len(digits_of(phone)) <= 20:
        raise InboundRefused("The phone is a number of 1 to 20 digits.")
    if not isinstance(destination, str) or not 1 <= len(destination) <= 20 or not destination.isascii():
        raise InboundRefused("The message goes to a number or a name of 1 to 20 ASCII characters.")
    if not isinstance(text, str) or not 1 <= len(text) <= TEXT_LENGTH_MAX:
        raise InboundRefused(f"The text has 1 to {TEXT_LENGTH_MAX} characters.")
    if system_id not in centre.desks:
        raise InboundRefused("There is no such system.")
    if centre.desks[system_id].is_full or centre.journal.is_full:
        raise InboundRefused("Too much is waiting already.")
    centre.send_from_phone(system_id, digits_of(phone), destination, text)


class _Door:
    def __init__(self, centre: MessageCentre) -> None:
        self._centre = centre

    async def messages(self, request: Request) -> Response:
        """GET /messages.json?to=&limit=: accepted messages put together again, newest first."""
        phone, limit = digits_of(request.query_params.get("to", "")), _number(request, "limit", 1_000)
        messages = await read_messages(self._centre.journal, phone, limit)
        return JSONResponse([_message_json(message) for message in messages])

    async def submits(self, request: Request) -> Response:
        """GET /submits.json?to=&after=&limit=: every submit_sm in order of arrival, refused ones too."""
        return await self._rows(request, _SUBMITS, digits_of(request.query_params.get("to", "")), _submit_json)

    async def receipts(self, request: Request) -> Response:
        """GET /receipts.json?message_id=&after=&limit=: every receipt planned, and how it was answered."""
        return await self._rows(request, _RECEIPTS, request.query_params.get("message_id", ""), _receipt_json)

    async def inbound(self, request: Request) -> Response:
        """GET /inbound.json?from=&after=&limit=: every segment a phone sent, and how it was answered."""
        return await self._rows(request, _INBOUND, digits_of(request.query_params.get("from", "")), _inbound_json)

    async def send_inbound(self, request: Request) -> Json:
        """POST /inbound.json: kept, and delivered as soon as somebody is bound to take it."""
        send_inbound(self._centre, await read_object(request))
        return {"is_kept": True}

    async def faults(self, _: Request) -> Response:
        """GET /faults.json: all there are, and the switches that were set."""
        return JSONResponse(self._switches() | {"faults": [asdict(fault) for fault in FAULTS]})

    async def switch_on(self, request: Request) -> Json:
        """POST /faults.json: `fault` and as wanted `target`, `percent`, `count`, `value`; the switch as it stands."""
        return asdict(self._centre.switches.switch_on(await read_object(request)))

    async def switch_off(self, request: Request) -> Json:
        """DELETE /faults.json: all of them, or with `?fault=` and `&target=` one of them."""
        self._centre.switches.switch_off(request.query_params.get("fault"), request.query_params.get("target"))
        return self._switches()

    async def begin_anew(self, request: Request) -> Json:
        """POST /seed.json: `seed`; every switch draws from its beginning."""
        self._centre.switches.begin_anew((await read_object(request)).get("seed"))
        return self._switches()

    def _switches(self) -> Json:
        switches = self._centre.switches
        return {"seed": switches.seed, "switches": [asdict(switch) for switch in switches.listed()]}

    async def _rows(self, request: Request, query: str, wanted: str, shown: Callable[[Row], Json]) -> Response:
        parameters = (_number(request, "after", 0), wanted, wanted, _number(request, "limit", _ROWS_MAX))
        return JSONResponse([shown(row) for row in await self._centre.journal.read(query, parameters)])


def _told(work: Callable[[Request], Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await work(request))
        except (SwitchRefused, InboundRefused) as error:
            return JSONResponse({"detail": str(error)}, 422)

    return endpoint


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise HTTPException(400, f"{name} is not a whole number.")
    return min(int(value), _ROWS_MAX) if name == "limit" else int(value)


def _message_json(message: PhoneMessage) -> Json:
    return {
        "from": message.source,
        "to": message.destination,
        "text": message.text,
        "state": STAT[MessageState(message.state)],
        "part_count": message.part_count,
        "is_whole": message.is_whole,
        "message_ids": message.message_ids,
        "received_at": rfc3339(message.received_at),
    }


def _submit_json(row: Row) -> Json:
    return row | {
        "received_at": rfc3339(row["received_at"]),
        "status": status_name(row["status"]),
        "is_answered": bool(row["is_answered"]),
        "state": STAT[MessageState(row["state"])],
        "udh": row["udh"].hex(),
        "octets": row["octets"].hex(),
        "tlvs": [{"tag": f"0x{tag:04X}", "value": value} for tag, value in json.loads(row["tlvs"])],
        "faults": list(filter(None, row["faults"].split(","))),
    }


def _receipt_json(row: Row) -> Json:
    shown = {"state": STAT[MessageState(row["state"])], "told_id": row["told_id"] or row["message_id"]}
    return row | shown | {"due_at": rfc3339(row["due_at"])} | _answer_json(row)


def _inbound_json(row: Row) -> Json:
    shown = {"udh": row["udh"].hex(), "octets": row["octets"].hex(), "sent_at": rfc3339(row["sent_at"])}
    return row | shown | _answer_json(row)


def _answer_json(row: Row) -> Json:
    return {
        "answered_at": rfc3339(row["answered_at"]) if row["answered_at"] else None,
        "answer_status": None if row["answer_status"] is None else status_name(row["answer_status"]),
    }
