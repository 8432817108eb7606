"""What a visitor of the mailbox can do: press unsubscribe, complain, let a mail bounce, publish DNS records."""

import secrets
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.mailbox.one_click import press, unsubscribe_url
from khata_sandbox.mailbox.reading import read_mail
from khata_sandbox.mailbox.reports import ACTS, Reporter, act_of
from khata_sandbox.mailbox.store import MailStore
from khata_sandbox.mailbox.zone import NotARecord, Zone
from khata_sandbox.web.bodies import read_form, read_object

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Desk:
    def __init__(self, store: MailStore, zone: Zone, reporter: Reporter, host: str) -> None:
        self.token = secrets.token_urlsafe()
        self._store = store
        self._zone = zone
        self._reporter = reporter
        self._hosts = _LOOPBACK | {host}

    def routes(self) -> list[Route]:
        return [
            Route("/mails/{mail_id:int}/act", self.act_by_form, methods=["POST"]),
            Route("/mails/{mail_id:int}/act.json", self.act, methods=["POST"]),
            Route("/dns", self.change_by_form, methods=["POST"]),
            Route("/records.json", self.publish, methods=["POST"]),
            Route("/records.json", self.withdraw, methods=["DELETE"]),
        ]

    async def act(self, request: Request) -> Response:
        """POST /mails/{id}/act.json {"act": "unsubscribe"|"bounce"|"full"|"complain"}: the status it was answered."""
        given = await read_object(request)
        return JSONResponse({"status": await self._act(request.path_params["mail_id"], str(given.get("act", "")))})

    async def act_by_form(self, request: Request) -> Response:
        form = await read_form(request, self.token)
        mail_id = request.path_params["mail_id"]
        status = await self._act(mail_id, form.get("act", ""))
        if status != 200:
            raise HTTPException(502, "Nobody took it." if not status else f"It was answered with {status}.")
        return RedirectResponse(f"/mails/{mail_id}", 303)

    async def publish(self, request: Request) -> Response:
        """POST /records.json {"name", "text"}"""
        given = await read_object(request)
        await self._publish(str(given.get("name", "")), str(given.get("text", "")))
        return JSONResponse([{"name": name, "text": text} for name, text in self._zone.listed()])

    async def withdraw(self, request: Request) -> Response:
        """DELETE /records.json {"name"}: everything under that name."""
        await self._withdraw(str((await read_object(request)).get("name", "")))
        return JSONResponse([{"name": name, "text": text} for name, text in self._zone.listed()])

    async def change_by_form(self, request: Request) -> Response:
        form = await read_form(request, self.token)
        if "withdraw" in form:
            await self._withdraw(form["withdraw"])
        else:
            await self._publish(form.get("name", ""), form.get("text", ""))
        return RedirectResponse("/dns", 303)

    async def _act(self, mail_id: int, word: str) -> int:
        mail = await self._store.get(min(mail_id, 2**63 - 1))
        if mail is None:
            raise HTTPException(404, "There is no such mail.")
        if word == "unsubscribe":
            return await press(unsubscribe_url(read_mail(mail.octets)), self._hosts)
        if (act := act_of(word)) is None:
            raise HTTPException(422, f"act is one of unsubscribe, {', '.join(ACTS)}.")
        return await self._reporter.report(mail, mail.recipients[0], act)

    async def _publish(self, name: str, text: str) -> None:
        try:
            await self._zone.publish(name, text)
        except NotARecord as error:
            raise HTTPException(422, str(error)) from error

    async def _withdraw(self, name: str) -> None:
        try:
            await self._zone.withdraw(name)
        except NotARecord as error:
            raise HTTPException(422, str(error)) from error
