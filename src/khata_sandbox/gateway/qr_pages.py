"""What a phone sees after scanning a QR code, and the code's image."""

from dataclasses import dataclass
from io import BytesIO
from secrets import token_urlsafe

import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.attempts import PAYER_ADDRESS
from khata_sandbox.gateway.gateway import Gateway, gateway_of, site_url
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.link_pages import paise
from khata_sandbox.gateway.link_rows import QrCode
from khata_sandbox.gateway.methods import UPI_MAXIMUM_MINOR
from khata_sandbox.gateway.pages import PageProblem, form_of, render, token_for
from khata_sandbox.gateway.payments import UPI_APP_TIMEOUT_S, approve, begin_payment, fail, wait_for_bank
from khata_sandbox.gateway.qr_codes import close_qr_codes_due
from khata_sandbox.gateway.rows import Order, Payment

DESCRIPTION = "QRv2 Payment"


@dataclass(frozen=True, slots=True)
class Scan:
    """`payment` is what this scan has led to, once something was decided."""

    qr_code: QrCode
    payment: Payment | None


def routes() -> list[Route]:
    return [
        Route("/qr/{code}.png", get_image, methods=["GET"]),
        Route("/qr/{code}", get_scan, methods=["GET"]),
        Route("/qr/{code}", post_scan, methods=["POST"]),
    ]


async def get_image(request: Request) -> Response:
    """It leads to the page below, so that no real UPI app opens; whoever opens it in a browser is there already."""
    qr_code = _qr_code_of(request)
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"/qr/{qr_code.code}", 303)
    image = BytesIO()
    segno.make(f"{site_url(request)}/qr/{qr_code.code}", error="m", micro=False).save(
        image, kind="png", scale=8, border=4
    )
    return Response(image.getvalue(), media_type="image/png")


async def get_scan(request: Request) -> Response:
    gateway, qr_code = gateway_of(request), _qr_code_of(request)
    payment = gateway.store.get(Payment, request.query_params.get("payment", ""))
    is_of_code = payment is not None and payment.qr_code_id == qr_code.id
    return _render(request, Scan(qr_code, payment if is_of_code else None))


async def post_scan(request: Request) -> Response:
    """Approve, decline, or keep pending."""
    gateway, qr_code = gateway_of(request), _qr_code_of(request)
    form = await form_of(request, qr_code.code)
    amount_minor = qr_code.amount_minor or paise(form.get("amount", ""))
    if amount_minor is None or not 100 <= amount_minor <= UPI_MAXIMUM_MINOR:
        return _render(request, Scan(qr_code, None), problem="Enter an amount from ₹1 to ₹1,00,000.")
    key = form.get("attempt_key") or token_urlsafe(12)
    payment = gateway.store.first(Payment, "attempt_key = ? AND qr_code_id = ?", key, qr_code.id)
    if payment is None:
        _check_active(qr_code)
        payment = _begin(gateway, qr_code, key, amount_minor)
        _decide(gateway, payment, form.get("answer", ""))
    return RedirectResponse(f"/qr/{qr_code.code}?payment={payment.id}", 303)


def _decide(gateway: Gateway, payment: Payment, answer: str) -> None:
    match answer:
        case "approve":
            approve(gateway, payment.id)
        case "decline":
            fail(gateway, payment.id, "payment_declined")
        case _:
            wait_for_bank(gateway, payment.id)


def _begin(gateway: Gateway, qr_code: QrCode, key: str, amount_minor: int) -> Payment:
    """Every payment of a QR code has an order of its own, which the API keeps to itself."""
    now = gateway.clock.now()
    order = Order(
        id=new_id("order"),
        amount_minor=amount_minor,
        currency="INR",
        receipt=None,
        notes="{}",
        is_capture_automatic=1,
        created_at=int(now),
        qr_code_id=qr_code.id,
    )
    with gateway.store.transaction():
        gateway.store.save(order)
    payment = Payment(
        id=new_id("pay"),
        order_id=order.id,
        session_id="",
        attempt_key=key,
        amount_minor=amount_minor,
        currency="INR",
        method="upi",
        stage="phone",
        outcome="success",
        description=DESCRIPTION,
        email="",
        contact="",
        created_at=int(now),
        times_out_at=now + UPI_APP_TIMEOUT_S,
        vpa=PAYER_ADDRESS,
        qr_code_id=qr_code.id,
        customer_id=qr_code.customer_id,
    )
    return begin_payment(gateway, payment)


def _qr_code_of(request: Request) -> QrCode:
    """Raises PageProblem for a code nobody knows."""
    gateway = gateway_of(request)
    close_qr_codes_due(gateway)
    qr_code = gateway.store.first(QrCode, "code = ?", str(request.path_params["code"]))
    if qr_code is None:
        raise PageProblem(404, "No such QR code", "Ask the shop for a new one.")
    return qr_code


def _check_active(qr_code: QrCode) -> None:
    if qr_code.status != "active":
        raise PageProblem(410, "QR code not valid", "This code is closed. Ask the shop for a new one.")


def _render(request: Request, scan: Scan, *, problem: str = "") -> Response:
    if scan.payment is None:
        _check_active(scan.qr_code)
    return render(
        request,
        "qr_code.html",
        status=422 if problem else 200,
        qr_code=scan.qr_code,
        payment=scan.payment,
        attempt_key=token_urlsafe(12),
        problem=problem,
        form_token=token_for(gateway_of(request), scan.qr_code.code),
    )
