"""The message centre's own pages for people: phones, what they got and send back, and the fault switches.

Its forms carry the page's token. Programs use `door.py` instead.
"""

import secrets
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.smsc.centre import MessageCentre
from khata_sandbox.smsc.door import InboundRefused, create_door, send_inbound
from khata_sandbox.smsc.faults import FAULTS, find_fault
from khata_sandbox.smsc.numbers import Command, MessageState
from khata_sandbox.smsc.phone import PhoneMessage, digits_of, read_messages
from khata_sandbox.smsc.scenarios import SCENARIOS
from khata_sandbox.smsc.segments import read_segments
from khata_sandbox.smsc.session import Session
from khata_sandbox.switches import ALL, SwitchRefused
from khata_sandbox.web.bodies import read_form
from khata_sandbox.web.pages import create_site, create_templates, refresh_s

_MESSAGES_SHOWN: Final = 50
_ROWS_SEARCHED: Final = 1_000
_INBOUND_SHOWN: Final = 20
_BINDS: Final = {
    Command.BIND_TRANSMITTER: "transmitter",
    Command.BIND_RECEIVER: "receiver",
    Command.BIND_TRANSCEIVER: "transceiver",
}
_INBOUND = "SELECT * FROM inbound WHERE ? = '' OR phone = ? ORDER BY id DESC LIMIT ?"


def create_pages(centre: MessageCentre, sessions: set[Session]) -> Starlette:
    """Everything is read from the journal; the switches and the phones' answers are the centre's."""
    return create_site(centre.settings.host, [*_Pages(centre, sessions).routes(), *create_door(centre)])


class _Pages:
    def __init__(self, centre: MessageCentre, sessions: set[Session]) -> None:
        self._centre = centre
        self._sessions = sessions
        self._token = secrets.token_urlsafe()
        self._templates = create_templates(Path(__file__).parent / "templates")

    def routes(self) -> list[Route]:
        return [
            Route("/", self.phones),
            Route("/messages/{row_id:int}", self.message),
            Route("/answer", self.answer),
            Route("/answer", self.send_answer, methods=["POST"]),
            Route("/faults", self.faults),
            Route("/faults/on", self.switch_on, methods=["POST"]),
            Route("/faults/off", self.switch_off, methods=["POST"]),
        ]

    async def phones(self, request: Request) -> Response:
        """GET /?to=: the newest messages as their phones show them, and what the phones sent."""
        phone = digits_of(request.query_params.get("to", ""))
        return self._render(
            request,
            "phone.html",
            phone=phone,
            messages=await read_messages(self._centre.journal, phone, _MESSAGES_SHOWN),
            inbound=await self._centre.journal.read(_INBOUND, (phone, phone, _INBOUND_SHOWN)),
            scenarios=SCENARIOS,
            refresh_s=refresh_s(request),
        )

    async def message(self, request: Request) -> Response:
        """GET /messages/{id}: the message of which this submit_sm is a part, segment by segment."""
        message = await self._message(request.path_params["row_id"])
        segments = await read_segments(self._centre.journal, message.rows)
        return self._render(request, "message.html", message=message, segments=segments)

    async def answer(self, request: Request) -> Response:
        """GET /answer?message=: what the phone that got this message says to its sender."""
        number = request.query_params.get("message", "")
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            raise HTTPException(404)
        return self._answer_page(request, await self._message(int(number)))

    async def send_answer(self, request: Request) -> Response:
        form = await read_form(request, self._token)
        given = {name: form.get(name, "") for name in ("from", "to", "text", "system_id")}
        try:
            send_inbound(self._centre, given)
        except InboundRefused as error:
            raise HTTPException(422, str(error)) from error
        return RedirectResponse(f"/?to={digits_of(given['from'])}", 303)

    async def faults(self, request: Request) -> Response:
        """GET /faults: connections, switches that are on, and all that can be switched."""
        switches = self._centre.switches
        return self._render(
            request,
            "faults.html",
            seed=switches.seed,
            switches=[(find_fault(switch.fault), switch) for switch in switches.listed()],
            places=list(dict.fromkeys(fault.place for fault in FAULTS)),
            faults=FAULTS,
            bound=[(session, _BINDS[session.bound_as]) for session in self._sessions if session.bound_as],
        )

    async def switch_on(self, request: Request) -> Response:
        """Fields left empty mean what the fault starts with: for all, always, until it is switched off."""
        form = await read_form(request, self._token)
        given: dict[str, Any] = {"fault": form.get("fault", ""), "target": form.get("target", "").strip() or ALL}
        numbers = {name: form.get(name, "").strip() for name in ("percent", "count", "value")}
        given |= {name: _number(text) for name, text in numbers.items() if text}
        try:
            self._centre.switches.switch_on(given)
        except SwitchRefused as error:
            raise HTTPException(422, str(error)) from error
        return RedirectResponse("/faults", 303)

    async def switch_off(self, request: Request) -> Response:
        """One switch, or all of them."""
        form = await read_form(request, self._token)
        try:
            self._centre.switches.switch_off(form.get("fault"), form.get("target"))
        except SwitchRefused as error:
            raise HTTPException(422, str(error)) from error
        return RedirectResponse("/faults", 303)

    def _answer_page(self, request: Request, message: PhoneMessage) -> Response:
        return self._render(request, "answer.html", message=message, system_id=message.rows[-1]["system_id"])

    async def _message(self, row_id: int) -> PhoneMessage:
        """The one message this accepted submit_sm belongs to."""
        rows = await self._centre.journal.read("SELECT phone FROM submits WHERE id = ? AND status = 0", (row_id,))
        messages = await read_messages(self._centre.journal, rows[0]["phone"], _ROWS_SEARCHED) if rows else []
        found = next((one for one in messages if any(row["id"] == row_id for row in one.rows)), None)
        if found is None:
            raise HTTPException(404, "No such message.")
        return found

    def _render(self, request: Request, template: str, **values: Any) -> Response:
        known = {"token": self._token, "states": MessageState, "is_any_on": self._centre.switches.is_any_on}
        return self._templates.TemplateResponse(request, template, {"refresh_s": 0} | known | values)


def _number(text: str) -> int | str:
    """What is no number stays as it is, for whoever judges it to refuse. A status may be hexadecimal."""
    try:
        return int(text, 0) if len(text) < 12 else text
    except ValueError:
        return text
