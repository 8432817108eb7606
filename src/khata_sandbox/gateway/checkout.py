"""The hosted checkout: from the merchant's form to a chosen method, the clock, and the way out."""

import secrets
from dataclasses import dataclass

import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.cards import PUBLISHED_CARDS
from khata_sandbox.gateway.failures import FAILURES
from khata_sandbox.gateway.gateway import Gateway, gateway_of, site_url
from khata_sandbox.gateway.methods import BANKS, BANKS_POPULAR, METHODS, UPI_APPS, WALLETS, Method
from khata_sandbox.gateway.notes import amount_lines
from khata_sandbox.gateway.pages import GoTo, PageProblem, form_of, render, texts, token_for
from khata_sandbox.gateway.rows import Order, Session
from khata_sandbox.gateway.sessions import (
    CheckoutRefused,
    SessionState,
    cancel_session,
    extend_session,
    failure_fields,
    latest_payment,
    open_session,
    order_of,
    paid_payment,
    renew_qr,
    session_state,
)
from khata_sandbox.gateway.upi import upi_address

ENDINGS = {
    SessionState.PAID_ELSEWHERE: ("Already paid", "This order has been paid. Nothing was charged here."),
    SessionState.CANCELLED: ("Payment cancelled", "You were not charged, unless an attempt was still under way."),
    SessionState.EXHAUSTED: ("Too many attempts", "Five attempts failed, so this payment ends here."),
    SessionState.EXPIRED: ("Session expired", "The time for this payment ran out."),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request inside a checkout session, with what it is about."""

    gateway: Gateway
    session: Session
    order: Order
    state: SessionState

    @property
    def url(self) -> str:
        return f"/checkout/{self.session.id}"

    @property
    def form_token(self) -> str:
        return token_for(self.gateway, self.session.id)

    @property
    def methods(self) -> list[Method]:
        """All, or the one the order asks for."""
        return [method for method in METHODS if self.order.method in (None, method.wire)]

    @property
    def return_urls(self) -> tuple[str, str]:
        return self.session.callback_url, self.session.cancel_url

    @property
    def seconds_left(self) -> float:
        """As the payer's own clock counts them."""
        return self.gateway.clock.wall_s(self.session.expires_at - self.gateway.clock.now())

    @property
    def live_state(self) -> str:
        """Changes whenever this session's pages would look different."""
        payment = latest_payment(self.gateway, self.session)
        latest = f"{payment.id}.{payment.status}.{payment.stage}" if payment else "none"
        return f"{self.state}.{latest}"


def routes() -> list[Route]:
    return [
        Route("/v1/checkout/embedded", post_embedded, methods=["POST"]),
        Route("/checkout/{session_id}", get_checkout, methods=["GET"]),
        Route("/checkout/{session_id}/status", get_status, methods=["GET"]),
        Route("/checkout/{session_id}/check", get_check, methods=["GET"]),
        Route("/checkout/{session_id}/more-time", post_more_time, methods=["POST"]),
        Route("/checkout/{session_id}/new-qr", post_new_qr, methods=["POST"]),
        Route("/checkout/{session_id}/cancel", get_cancel, methods=["GET"]),
        Route("/checkout/{session_id}/cancel", post_cancel, methods=["POST"]),
    ]


async def post_embedded(request: Request) -> Response:
    """The merchant's page sends the payer here with a form."""
    try:
        session = open_session(gateway_of(request), texts(await request.form()))
    except CheckoutRefused as refused:
        raise PageProblem(400, refused.title, refused.explanation) from refused
    return RedirectResponse(f"/checkout/{session.id}", 303)


async def get_checkout(request: Request) -> Response:
    visit = visit_of(request)
    if visit.state is SessionState.PAID:
        raise GoTo(f"{visit.url}/check")
    if visit.state is not SessionState.OPEN:
        return _render_ending(request, visit)
    return render_methods(request, visit)


async def get_status(request: Request) -> Response:
    """For the pages' script: whether anything has changed."""
    return JSONResponse({"state": visit_of(request).live_state}, headers={"cache-control": "no-store"})


async def get_check(request: Request) -> Response:
    """Leads to wherever the session stands now."""
    visit = visit_of(request)
    payment = paid_payment(visit.gateway, visit.session) or latest_payment(visit.gateway, visit.session)
    if payment is None:
        raise GoTo(f"{visit.url}?checked=1")
    raise GoTo(f"{visit.url}/attempts/{payment.id}")


async def post_more_time(request: Request) -> Response:
    visit, _ = await open_form(request)
    extend_session(visit.gateway, visit.session)
    return RedirectResponse(visit.url, 303)


async def post_new_qr(request: Request) -> Response:
    visit, _ = await open_form(request)
    renew_qr(visit.gateway, visit.session)
    return RedirectResponse(visit.url, 303)


async def get_cancel(request: Request) -> Response:
    visit = visit_of(request)
    if visit.state is not SessionState.OPEN:
        raise GoTo(visit.url)
    return render(request, "cancel.html", visit=visit, return_urls=visit.return_urls)


async def post_cancel(request: Request) -> Response:
    visit, _ = await open_form(request)
    cancel_session(visit.gateway, visit.session)
    return RedirectResponse(visit.session.cancel_url or visit.url, 303)


def visit_of(request: Request) -> Visit:
    """Raises PageProblem for a session nobody knows."""
    gateway = gateway_of(request)
    session = gateway.store.get(Session, str(request.path_params["session_id"]))
    if session is None:
        raise PageProblem(404, "No such payment page", "Start again from the shop.")
    return Visit(gateway, session, order_of(gateway, session), session_state(gateway, session))


async def open_form(request: Request) -> tuple[Visit, dict[str, str]]:
    """The visit and its posted form. Raises GoTo when the session has ended, PageProblem when the form is not ours."""
    visit = visit_of(request)
    form = await form_of(request, visit.session.id)
    if visit.state is not SessionState.OPEN:
        raise GoTo(visit.url)
    return visit, form


def render_methods(
    request: Request,
    visit: Visit,
    *,
    open_method: str = "",
    problems: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    """The page of all five methods; with `problems` it answers 422 and shows `kept` again."""
    latest = latest_payment(visit.gateway, visit.session)
    chosen = open_method or request.query_params.get("method", "") or ("upi" if _is_phone(request) else "upi-qr")
    is_qr_valid = visit.gateway.clock.now() < visit.session.qr_expires_at
    phone_url = phone_address(request, visit.session.phone_token)
    return render(
        request,
        "checkout.html",
        status=422 if problems else 200,
        return_urls=visit.return_urls,
        visit=visit,
        amount_lines=amount_lines(visit.order.notes),
        methods=visit.methods,
        open_method=chosen if chosen in {method.code for method in visit.methods} else visit.methods[0].code,
        problems=problems or {},
        kept=kept or {"card_number": _published_number(request)},
        attempt_key=secrets.token_urlsafe(12),
        is_checked="checked" in request.query_params,
        is_waiting=latest is not None and latest.status == "created",
        qr_svg=qr_svg(phone_url) if is_qr_valid else "",
        qr_seconds_left=visit.gateway.clock.wall_s(visit.session.qr_expires_at - visit.gateway.clock.now()),
        phone_url=phone_url,
        upi_address=upi_address(visit.gateway.settings, visit.order, visit.session.amount_minor),
        upi_apps=UPI_APPS,
        banks=BANKS,
        banks_popular=BANKS_POPULAR,
        wallets=WALLETS,
        published_cards=PUBLISHED_CARDS,
        failures=FAILURES,
    )


def phone_address(request: Request, phone_token: str) -> str:
    """Where a phone finds its page."""
    return f"{site_url(request)}/phone/{phone_token}"


def qr_svg(content: str) -> str:
    """A QR code as SVG markup, with the quiet zone of four modules a camera needs."""
    code = segno.make(content, error="m", micro=False)
    return code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)


def _render_ending(request: Request, visit: Visit) -> Response:
    title, explanation = ENDINGS[visit.state]
    may_post_failure = visit.state in (SessionState.EXHAUSTED, SessionState.EXPIRED)
    return render(
        request,
        "ended.html",
        return_urls=visit.return_urls,
        visit=visit,
        title=title,
        explanation=explanation,
        return_fields=failure_fields(visit.gateway, visit.session) if may_post_failure else {},
    )


def _is_phone(request: Request) -> bool:
    return "Mobi" in request.headers.get("user-agent", "")


def _published_number(request: Request) -> str:
    """The test card a link of the test data list asked for, by its place in the list."""
    place = request.query_params.get("card", "")
    is_known = place.isascii() and place.isdigit() and int(place) < len(PUBLISHED_CARDS)
    return PUBLISHED_CARDS[int(place)].number if is_known else ""
