"""The mailbox's own pages: the list, one mail, its HTML in a cage of its own; all of it as JSON; and DNS."""

from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from khata_sandbox.mailbox.desk import Desk
from khata_sandbox.mailbox.one_click import unsubscribe_url
from khata_sandbox.mailbox.reading import Mail, read_mail
from khata_sandbox.mailbox.reports import Reporter
from khata_sandbox.mailbox.signatures import judge_signature
from khata_sandbox.mailbox.store import MailStore, StoredMail
from khata_sandbox.mailbox.zone import Zone
from khata_sandbox.web.pages import create_site, create_templates, refresh_s, rfc3339

_LISTED_MAX: Final = 100
_PREVIEW_LENGTH: Final = 200
_CAGE: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; frame-ancestors 'self'"
)
"""A mail's HTML may look as it likes, but runs no script, loads nothing and opens links only in a new tab."""


def create_pages(store: MailStore, zone: Zone, reporter: Reporter, host: str) -> Starlette:
    desk = Desk(store, zone, reporter, host)
    return create_site(host, [*_Pages(store, zone, desk).routes(), *desk.routes()])


class _Pages:
    def __init__(self, store: MailStore, zone: Zone, desk: Desk) -> None:
        self._store = store
        self._zone = zone
        self._desk = desk
        self._templates = create_templates(Path(__file__).parent / "templates")

    def routes(self) -> list[Route]:
        return [
            Route("/", self.list),
            Route("/mails.json", self.mails),
            Route("/mails/{mail_id:int}", self.mail),
            Route("/mails/{mail_id:int}/html", self.html),
            Route("/mails/{mail_id:int}/raw", self.raw),
            Route("/dns", self.dns),
        ]

    async def list(self, request: Request) -> Response:
        """GET /?to=: the newest mails."""
        recipient = request.query_params.get("to", "").strip()
        mails = [(stored, read_mail(stored.octets)) for stored in await self._store.newest(recipient, _LISTED_MAX)]
        context = {"recipient": recipient, "mails": mails, "preview_length": _PREVIEW_LENGTH}
        return self._templates.TemplateResponse(request, "list.html", context | {"refresh_s": refresh_s(request)})

    async def mails(self, request: Request) -> Response:
        """GET /mails.json?to=: the newest mails with all they contain but attachments' octets, newest first."""
        found = await self._store.newest(request.query_params.get("to", "").strip(), _LISTED_MAX)
        return JSONResponse([self._mail_json(stored, read_mail(stored.octets)) for stored in found])

    async def mail(self, request: Request) -> Response:
        stored = await self._stored(request)
        mail = read_mail(stored.octets)
        context = {
            "stored": stored,
            "mail": mail,
            "signature": judge_signature(stored.octets, self._zone),
            "can_unsubscribe": bool(unsubscribe_url(mail)),
            "token": self._desk.token,
            "refresh_s": 0,
        }
        return self._templates.TemplateResponse(request, "mail.html", context)

    async def dns(self, request: Request) -> Response:
        """GET /dns: the TXT records there are, and a form for more."""
        context = {"records": self._zone.listed(), "token": self._desk.token, "refresh_s": 0}
        return self._templates.TemplateResponse(request, "dns.html", context)

    async def html(self, request: Request) -> Response:
        """The HTML part alone, for the frame of its mail's page."""
        mail = read_mail((await self._stored(request)).octets)
        page = f'<!doctype html><base target="_blank">{mail.html}'
        return HTMLResponse(page, headers={"Content-Security-Policy": _CAGE})

    async def raw(self, request: Request) -> Response:
        stored = await self._stored(request)
        disposition = {"Content-Disposition": f'attachment; filename="mail-{stored.id}.eml"'}
        return Response(stored.octets, media_type="message/rfc822", headers=disposition)

    async def _stored(self, request: Request) -> StoredMail:
        stored = await self._store.get(min(request.path_params["mail_id"], 2**63 - 1))
        if stored is None:
            raise HTTPException(404, "There is no such mail.")
        return stored

    def _mail_json(self, stored: StoredMail, mail: Mail) -> dict[str, Any]:
        signature = judge_signature(stored.octets, self._zone)
        return {
            "id": stored.id,
            "received_at": rfc3339(stored.received_at),
            "from": stored.sender,
            "to": stored.recipients,
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
            "headers": mail.headers,
            "dkim": {"result": signature.result, "domain": signature.domain, "detail": signature.detail},
            "unsubscribe_url": unsubscribe_url(mail),
            "attachments": [
                {"name": each.name, "content_type": each.content_type, "octet_count": each.octet_count}
                for each in mail.attachments
            ],
            "octet_count": len(stored.octets),
        }
