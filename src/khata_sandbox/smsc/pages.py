"""The message centre's own pages: the virtual phones for people, the journal and the fault switches for programs."""

import json
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from khata_sandbox.smsc.centre import MessageCentre
from khata_sandbox.smsc.faults import Faults, FaultsRefused
from khata_sandbox.smsc.journal import Row
from khata_sandbox.smsc.numbers import MessageState, status_name
from khata_sandbox.smsc.phone import PhoneMessage, reassemble
from khata_sandbox.smsc.receipts import STAT
from khata_sandbox.smsc.scenarios import SCENARIOS
from khata_sandbox.web.pages import create_site, create_templates, refresh_s, rfc3339

_PARTS_MAX: Final = 255
_PHONE_MESSAGES: Final = 50
_ROWS_MAX: Final = 10_000
_BODY_OCTETS_MAX: Final = 10_000

_ACCEPTED = """
SELECT * FROM (SELECT * FROM submits WHERE status = 0 AND (? = '' OR phone = ?) ORDER BY id DESC LIMIT ?) ORDER BY id
"""
_SUBMITS = "SELECT * FROM submits WHERE id > ? AND (? = '' OR phone = ?) ORDER BY id LIMIT ?"
_RECEIPTS = "SELECT * FROM receipts WHERE id > ? AND (? = '' OR message_id = ?) ORDER BY id LIMIT ?"


def create_pages(centre: MessageCentre) -> Starlette:
    """Everything is read from the journal; only POST /faults changes anything."""
    return create_site(centre.settings.host, _Pages(centre).routes())


class _Pages:
    def __init__(self, centre: MessageCentre) -> None:
        self._centre = centre
        self._templates = create_templates(Path(__file__).parent / "templates")

    def routes(self) -> list[Route]:
        return [
            Route("/", self.phones),
            Route("/messages.json", self.messages),
            Route("/submits.json", self.submits),
            Route("/receipts.json", self.receipts),
            Route("/faults", self.faults),
            Route("/faults", self.switch_faults, methods=["POST"]),
        ]

    async def phones(self, request: Request) -> Response:
        """GET /?to=: the newest messages as their phones show them."""
        phone = _digits(request)
        messages = await self._messages(phone, _PHONE_MESSAGES)
        context = {
            "phone": phone,
            "messages": messages,
            "states": MessageState,
            "scenarios": SCENARIOS,
            "faults": self._centre.faults,
            "refresh_s": refresh_s(request),
        }
        return self._templates.TemplateResponse(request, "phone.html", context)

    async def messages(self, request: Request) -> Response:
        """GET /messages.json?to=&limit=: accepted messages put together again, newest first."""
        messages = await self._messages(_digits(request), _number(request, "limit", 1_000))
        return JSONResponse([_message_json(message) for message in messages])

    async def submits(self, request: Request) -> Response:
        """GET /submits.json?to=&after=&limit=: every submit_sm in order of arrival, refused ones too."""
        phone = _digits(request)
        limit = (_number(request, "after", 0), phone, phone, _number(request, "limit", _ROWS_MAX))
        return JSONResponse([_submit_json(row) for row in await self._centre.journal.read(_SUBMITS, limit)])

    async def receipts(self, request: Request) -> Response:
        """GET /receipts.json?message_id=&after=&limit=: every receipt planned, and how it was answered."""
        message_id = request.query_params.get("message_id", "")
        limit = (_number(request, "after", 0), message_id, message_id, _number(request, "limit", _ROWS_MAX))
        return JSONResponse([_receipt_json(row) for row in await self._centre.journal.read(_RECEIPTS, limit)])

    async def faults(self, _: Request) -> Response:
        """GET /faults: the switches as they are."""
        return JSONResponse(self._centre.faults.to_json())

    async def switch_faults(self, request: Request) -> Response:
        """POST /faults with a JSON object: switches those it names and turns all others off; `{}` heals everything."""
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise HTTPException(415, "Send application/json; a form on some web page could not.")
        try:
            self._centre.faults = Faults.from_json(json.loads(await _body(request)))
        except FaultsRefused as error:
            return JSONResponse({"detail": str(error)}, 422)
        except ValueError:
            return JSONResponse({"detail": "not JSON"}, 400)
        return JSONResponse(self._centre.faults.to_json())

    async def _messages(self, phone: str, limit: int) -> list[PhoneMessage]:
        rows = await self._centre.journal.read(_ACCEPTED, (phone, phone, limit + _PARTS_MAX))
        return reassemble(rows)[:limit]


def _message_json(message: PhoneMessage) -> dict[str, Any]:
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


def _submit_json(row: Row) -> dict[str, Any]:
    return row | {
        "received_at": rfc3339(row["received_at"]),
        "status": status_name(row["status"]),
        "is_answered": bool(row["is_answered"]),
        "state": STAT[MessageState(row["state"])],
        "udh": row["udh"].hex(),
        "octets": row["octets"].hex(),
        "tlvs": [{"tag": f"0x{tag:04X}", "value": value} for tag, value in json.loads(row["tlvs"])],
    }


def _receipt_json(row: Row) -> dict[str, Any]:
    return row | {
        "state": STAT[MessageState(row["state"])],
        "due_at": rfc3339(row["due_at"]),
        "answered_at": rfc3339(row["answered_at"]) if row["answered_at"] else None,
        "answer_status": None if row["answer_status"] is None else status_name(row["answer_status"]),
    }


def _digits(request: Request) -> str:
    """The number asked for, digits only: a bare plus in a query string arrives as a space."""
    return "".join(filter(str.isdigit, request.query_params.get("to", "")))


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise HTTPException(400, f"{name} is not a whole number.")
    return min(int(value), _ROWS_MAX) if name == "limit" else int(value)


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_OCTETS_MAX:
            raise HTTPException(413, "The body is too long.")
    return body
