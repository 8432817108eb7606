"""What a visitor of the mailbox can do: press unsubscribe, complain, let a mail bounce, publish DNS records.

People's forms carry the page's token; programs send JSON, which no web site can post from another origin unasked.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.mailbox.one_click import press, unsubscribe_url
from khata_sandbox.mailbox.reading import read_mail
from khata_sandbox.mailbox.reports import ACTS, Reporter
from khata_sandbox.mailbox.store import MailStore
from khata_sandbox.mailbox.zone import NotARecord, Zone

TOKEN_FIELD: Final = "form_token"  # noqa: S105 - the name of a field, no secret
_BODY_OCTETS_MAX: Final = 16_384
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
        given = await self._json(request)
        return JSONResponse({"status": await self._act(request.path_params["mail_id"], str(given.get("act", "")))})

    async def act_by_form(self, request: Request) -> Response:
        form = await self._form(request)
        mail_id = request.path_params["mail_id"]
        status = await self._act(mail_id, form.get("act", ""))
        if status != 200:
            raise HTTPException(502, "Nobody took it." if not status else f"It was answered with {status}.")
        return RedirectResponse(f"/mails/{mail_id}", 303)

    async def publish(self, request: Request) -> Response:
        """POST /records.json {"name", "text"}"""
        given = await self._json(request)
        await self._publish(str(given.get("name", "")), str(given.get("text", "")))
        return JSONResponse([{"name": name, "text": text} for name, text in self._zone.listed()])

    async def withdraw(self, request: Request) -> Response:
        """DELETE /records.json {"name"}: everything under that name."""
        await self._withdraw(str((await self._json(request)).get("name", "")))
        return JSONResponse([{"name": name, "text": text} for name, text in self._zone.listed()])

    async def change_by_form(self, request: Request) -> Response:
        form = await self._form(request)
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
        act = next((act for act in ACTS if act == word), None)
        if act is None:
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

    async def _form(self, request: Request) -> dict[str, str]:
        form = dict(parse_qsl((await _body(request)).decode("utf-8", "replace"), keep_blank_values=True))
        if not secrets.compare_digest(form.get(TOKEN_FIELD, "").encode(), self.token.encode()):
            raise HTTPException(403, "This form was not made by this page.")
        return form

    async def _json(self, request: Request) -> Mapping[str, Any]:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise HTTPException(415, "JSON is what is understood here.")
        await _body(request)
        try:
            given = await request.json()
        except ValueError:
            raise HTTPException(400, "That is no JSON.") from None
        if not isinstance(given, Mapping):
            raise HTTPException(400, "A JSON object is what is understood here.")
        return given


async def _body(request: Request) -> bytes:
    if int(request.headers.get("content-length") or "0") > _BODY_OCTETS_MAX:
        raise HTTPException(413)
    return await request.body()
