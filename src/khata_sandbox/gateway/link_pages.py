"""A payment link's page: who asks for how much, and the way into the checkout."""

import json
import re
from dataclasses import replace
from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.gateway import Gateway, gateway_of
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.link_rows import PaymentLink
from khata_sandbox.gateway.pages import PageProblem, form_of, render, token_for
from khata_sandbox.gateway.payment_links import PAYABLE, expire_links, load_link
from khata_sandbox.gateway.rows import Order, Session
from khata_sandbox.gateway.sessions import QR_S, SESSION_S

PART_MINIMUM_MINOR = 100

ENDINGS = {
    "paid": ("Paid", "This link has been paid in full. Thank you."),
    "cancelled": ("No longer valid", "The shop has withdrawn this link. Nothing was charged."),
    "expired": ("No longer valid", "The time to pay by this link ran out. Nothing was charged."),
}


def routes() -> list[Route]:
    return [
        Route("/l/{code}", get_link_page, methods=["GET"]),
        Route("/l/{code}", post_link_page, methods=["POST"]),
    ]


async def get_link_page(request: Request) -> Response:
    return _render(request, _link_of(request))


async def post_link_page(request: Request) -> Response:
    link = _link_of(request)
    form = await form_of(request, link.code)
    if link.status not in PAYABLE:
        return _render(request, link)
    amount_minor = paise(form.get("amount", "")) if link.is_partial else due_minor(link)
    if amount_minor is None or not part_minimum_minor(link) <= amount_minor <= due_minor(link):
        return _render(request, link, problem="Enter an amount between the least and what is due.")
    session = _open_session(gateway_of(request), link, amount_minor)
    return RedirectResponse(f"/checkout/{session.id}", 303)


def due_minor(link: PaymentLink) -> int:
    return link.amount_minor - link.amount_paid_minor


def part_minimum_minor(link: PaymentLink) -> int:
    """The least the next part may be; the last one may be as small as what is left."""
    first_minor = link.first_part_minor if link.status == "created" else 0
    return min(max(first_minor, PART_MINIMUM_MINOR), due_minor(link))


def paise(text: str) -> int | None:
    """ "118", "118.5" and "1,180.00" → paise; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,8})(?:\.([0-9]{1,2}))?", text.replace(",", "").strip())
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else None


def _link_of(request: Request) -> PaymentLink:
    """Raises PageProblem for a link nobody knows."""
    gateway = gateway_of(request)
    expire_links(gateway)
    link = gateway.store.first(PaymentLink, "code = ?", str(request.path_params["code"]))
    if link is None:
        raise PageProblem(404, "No such payment link", "Ask whoever sent it for a new one.")
    return link


def _render(request: Request, link: PaymentLink, *, problem: str = "") -> Response:
    title, explanation = ENDINGS.get(link.status, ("", ""))
    return render(
        request,
        "link.html",
        status=422 if problem else 200,
        link=link,
        customer=json.loads(link.customer),
        due_minor=due_minor(link),
        part_minimum_minor=part_minimum_minor(link),
        title=title,
        explanation=explanation,
        problem=problem,
        form_token=token_for(gateway_of(request), link.code),
    )


def _open_session(gateway: Gateway, link: PaymentLink, amount_minor: int) -> Session:
    now, customer = gateway.clock.now(), json.loads(link.customer)
    with gateway.store.transaction():
        order = _order_of(gateway, load_link(gateway, link.id))
        session = Session(
            id=token_urlsafe(24),
            order_id=order.id,
            phone_token=token_urlsafe(12),
            callback_url=link.callback_url,
            cancel_url=link.short_url,
            description=link.description[:255],
            name=customer.get("name", ""),
            email=customer.get("email", ""),
            contact=customer.get("contact", ""),
            created_at=now,
            expires_at=now + SESSION_S,
            qr_expires_at=now + QR_S,
            amount_minor=amount_minor,
            link_id=link.id,
        )
        gateway.store.save(session)
    return session


def _order_of(gateway: Gateway, link: PaymentLink) -> Order:
    """The link's order, made when it is first needed."""
    order = gateway.store.get(Order, link.order_id)
    if order is None:
        order = Order(
            id=new_id("order"),
            amount_minor=link.amount_minor,
            currency=link.currency,
            receipt=link.reference_id or None,
            notes=link.notes,
            is_capture_automatic=1,
            created_at=int(gateway.clock.now()),
            is_partial=link.is_partial,
            link_id=link.id,
        )
        gateway.store.save(order)
        gateway.store.save(replace(link, order_id=order.id))
    return order
