"""The simulated phone: what a UPI app would show after scanning the QR code or being opened by the checkout."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.attempts import begin_qr
from khata_sandbox.gateway.failures import WRONG_PIN
from khata_sandbox.gateway.gateway import Gateway, gateway_of
from khata_sandbox.gateway.methods import UPI_APPS, UPI_MAXIMUM_MINOR
from khata_sandbox.gateway.pages import GoTo, PageProblem, form_of, render, token_for
from khata_sandbox.gateway.payments import approve, fail, succeed_later, wait_for_bank
from khata_sandbox.gateway.rows import Order, Payment, Session
from khata_sandbox.gateway.sessions import SessionState, order_of, renew_qr, session_state

LATE_AFTER_EXPIRY_S = 5
PIN_LENGTHS = (4, 5, 6)


@dataclass(frozen=True, slots=True)
class Phone:
    """`payment` is None while a QR code was scanned and nothing decided yet."""

    token: str
    session: Session
    order: Order
    payment: Payment | None

    @property
    def is_decided(self) -> bool:
        return self.payment is not None and (self.payment.status, self.payment.stage) != ("created", "phone")


def routes() -> list[Route]:
    return [
        Route("/phone/{phone_token}", get_phone, methods=["GET"]),
        Route("/phone/{phone_token}", post_phone, methods=["POST"]),
    ]


async def get_phone(request: Request) -> Response:
    return _render(request, _phone_of(request))


async def post_phone(request: Request) -> Response:
    """Approve, decline, keep pending, pay late, or an app that is not there."""
    gateway = gateway_of(request)
    phone = _phone_of(request)
    form = await form_of(request, phone.token)
    answer, pin = form.get("answer", ""), form.get("pin", "").strip()
    if phone.is_decided:
        raise GoTo(f"/phone/{phone.token}")
    is_pin = len(pin) in PIN_LENGTHS and pin.isascii() and pin.isdigit()
    if answer in ("approve", "late") and not is_pin:
        return _render(request, phone, problem="A UPI PIN has 4 to 6 digits.")
    payment = phone.payment or begin_qr(gateway, phone.session)
    _decide(gateway, phone.session, payment, "wrong_pin" if answer == "approve" and pin == "0000" else answer)
    if payment.phone_token == phone.session.phone_token:
        renew_qr(gateway, phone.session)
    return RedirectResponse(f"/phone/{phone.token}", 303)


def _decide(gateway: Gateway, session: Session, payment: Payment, answer: str) -> None:
    match answer:
        case "approve":
            approve(gateway, payment.id)
        case "wrong_pin":
            fail(gateway, payment.id, WRONG_PIN)
        case "decline":
            fail(gateway, payment.id, "payment_declined")
        case "no_app":
            fail(gateway, payment.id, "psp_app_not_available")
        case "late":
            succeed_later(gateway, payment.id, succeeds_at=session.expires_at + LATE_AFTER_EXPIRY_S)
        case _:
            wait_for_bank(gateway, payment.id)


def _phone_of(request: Request) -> Phone:
    """Raises PageProblem when the code is not, or no longer, one to pay with."""
    gateway, token = gateway_of(request), str(request.path_params["phone_token"])
    payment = gateway.store.first(Payment, "phone_token = ?", token)
    if payment is not None:
        session = gateway.store.get(Session, payment.session_id)
        assert session is not None
        return Phone(token, session, order_of(gateway, session), payment)
    scanned = gateway.store.first(Session, "phone_token = ?", token)
    if scanned is None or not _may_pay_by_qr(gateway, scanned):
        raise PageProblem(410, "QR code not valid", "This code has expired or was used. Show a new one and scan again.")
    return Phone(token, scanned, order_of(gateway, scanned), None)


def _may_pay_by_qr(gateway: Gateway, session: Session) -> bool:
    return (
        session_state(gateway, session) is SessionState.OPEN
        and gateway.clock.now() < session.qr_expires_at
        and session.amount_minor <= UPI_MAXIMUM_MINOR
    )


def _render(request: Request, phone: Phone, *, problem: str = "") -> Response:
    values: dict[str, Any] = {
        "phone": phone,
        "app_name": UPI_APPS.get((phone.payment and phone.payment.upi_app) or "", "UPI app"),
        "problem": problem,
        "form_token": token_for(gateway_of(request), phone.token),
        "checkout_url": f"/checkout/{phone.session.id}/check",
    }
    return render(request, "phone.html", status=422 if problem else 200, **values)
