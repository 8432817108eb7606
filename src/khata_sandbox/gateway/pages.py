"""Pages: templates, the headers that keep them safe, and forms that prove they came from us."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse

from khata_sandbox.gateway.gateway import Gateway, gateway_of
from khata_sandbox.gateway.signatures import form_token, is_equal

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field, no secret
INDIA = timezone(timedelta(hours=5, minutes=30))


@dataclass(eq=False)
class GoTo(Exception):
    """The answer is another page (303)."""

    url: str


@dataclass(eq=False)
class PageProblem(Exception):
    """The answer is a page that says what is wrong."""

    status: int
    title: str
    explanation: str


def render(
    request: Request, template: str, *, status: int = 200, return_urls: Iterable[str] = (), **values: Any
) -> HTMLResponse:
    """`return_urls` are the addresses outside this site that the page's forms may lead to."""
    merchant = gateway_of(request).settings
    page = _TEMPLATES.get_template(template).render(
        merchant_name=merchant.merchant_name, merchant_purpose=merchant.merchant_purpose, **values
    )
    return HTMLResponse(page, status, headers=_headers(return_urls))


def token_for(gateway: Gateway, subject: str) -> str:
    """The hidden field of a form about `subject` (a session, a phone page, the control page)."""
    return form_token(gateway.settings.key_secret, subject)


async def form_of(request: Request, subject: str) -> dict[str, str]:
    """The posted texts. Raises PageProblem unless the form was ours."""
    given = texts(await request.form())
    if not is_equal(given.get(TOKEN_FIELD, ""), token_for(gateway_of(request), subject)):
        raise PageProblem(403, "Form not accepted", "This form did not come from this page. Go back and try again.")
    return given


def texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def rupees(amount_minor: int) -> str:
    """Indian grouping: 12345600 → "1,23,456.00"."""
    whole, paise = divmod(amount_minor, 100)
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
    return f"{','.join([*pairs, tail])}.{paise:02d}"


def india_time(at: float) -> str:
    """ "22 Nov 2026, 19:18 IST"."""
    return datetime.fromtimestamp(at, INDIA).strftime("%d %b %Y, %H:%M IST")


def minutes_seconds(span_s: float) -> str:
    """ "14:32"; never below zero."""
    minutes, seconds = divmod(max(int(span_s), 0), 60)
    return f"{minutes}:{seconds:02d}"


def _headers(return_urls: Iterable[str]) -> dict[str, str]:
    origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in return_urls if url})
    allowed = ["'self'", *origins]
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        f"form-action {' '.join(allowed)}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "strict-origin",
        "x-content-type-options": "nosniff",
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(rupees=rupees, india_time=india_time, iso=_iso, minutes_seconds=minutes_seconds)
