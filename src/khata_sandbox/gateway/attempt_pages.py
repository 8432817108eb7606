"""The pages of one attempt: one-time password, mock bank, waiting, and how it ended."""

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.cards import SUCCESS
from khata_sandbox.gateway.checkout import Visit, phone_address, qr_svg, visit_of
from khata_sandbox.gateway.failures import FAILURES
from khata_sandbox.gateway.methods import BANKS, UPI_APPS, WALLETS
from khata_sandbox.gateway.pages import GoTo, PageProblem, form_of, render
from khata_sandbox.gateway.payments import approve, conclude, fail, resend_otp, wait_for_bank
from khata_sandbox.gateway.returns import does_return_twice, fields_on_the_way, return_by_itself
from khata_sandbox.gateway.rows import Payment
from khata_sandbox.gateway.sessions import FAILURES_MAXIMUM, SessionState, failure_fields, success_fields

OTP_VALID_S = 180
OTP_RESEND_AFTER_S = 30
OTP_RESENDS_MAXIMUM = 3
OTP_LENGTH_MINIMUM = 4
OTP_LENGTH_MAXIMUM = 10

STAGE_TEMPLATES = {"otp": "otp.html", "mock_page": "mock_page.html", "phone": "wait.html", "wait": "wait.html"}


def routes() -> list[Route]:
    attempt = "/checkout/{session_id}/attempts/{payment_id}"
    return [
        Route(attempt, get_attempt, methods=["GET"]),
        Route(f"{attempt}/otp", post_otp, methods=["POST"]),
        Route(f"{attempt}/resend", post_resend, methods=["POST"]),
        Route(f"{attempt}/cancel", post_cancel, methods=["POST"]),
        Route(f"{attempt}/answer", post_answer, methods=["POST"]),
    ]


async def get_attempt(request: Request) -> Response:
    visit = visit_of(request)
    payment = _payment_of(request, visit)
    if payment.status == "failed":
        return _render_failed(request, visit, payment)
    if payment.status != "created":
        return _render_paid(request, visit, payment)
    return _render_stage(request, visit, payment)


async def post_otp(request: Request) -> Response:
    """4 to 10 digits succeed, fewer fail; a card with an outcome of its own has it whatever is typed."""
    visit, payment, form = await _step(request, "otp")
    otp = "".join(form.get("otp", "").split()).replace("-", "")
    if not otp.isascii() or not otp.isdigit() or len(otp) > OTP_LENGTH_MAXIMUM:
        return _render_stage(request, visit, payment, problem="Enter the digits of the one-time password.")
    if payment.outcome == SUCCESS and len(otp) < OTP_LENGTH_MINIMUM:
        fail(visit.gateway, payment.id, "incorrect_otp")
    elif payment.outcome == SUCCESS and _otp_age_s(visit, payment) > OTP_VALID_S:
        fail(visit.gateway, payment.id, "otp_expired")
    else:
        conclude(visit.gateway, payment)
    return _back_to(visit, payment)


async def post_resend(request: Request) -> Response:
    visit, payment, _ = await _step(request, "otp")
    if payment.otp_resends >= OTP_RESENDS_MAXIMUM:
        return _render_stage(request, visit, payment, problem="No further one-time password can be sent.")
    if _resend_wait_s(visit, payment) > 0:
        return _render_stage(request, visit, payment, problem="Wait a moment before asking for another one.")
    resend_otp(visit.gateway, payment)
    return _back_to(visit, payment)


async def post_cancel(request: Request) -> Response:
    """Ends this attempt, not the session."""
    visit, payment, _ = await _step(request, "otp", "mock_page", "phone")
    fail(visit.gateway, payment.id, "payment_cancelled")
    return _back_to(visit, payment)


async def post_answer(request: Request) -> Response:
    """The mock page's buttons decide."""
    visit, payment, form = await _step(request, "mock_page")
    answer = form.get("answer", "")
    if answer == "success":
        approve(visit.gateway, payment.id)
    elif answer == "failure":
        reason = "authentication_failed" if payment.method == "card" else "payment_failed"
        fail(visit.gateway, payment.id, reason)
    elif answer == "pending":
        wait_for_bank(visit.gateway, payment.id)
    return _back_to(visit, payment)


async def _step(request: Request, *stages: str) -> tuple[Visit, Payment, dict[str, str]]:
    """Raises GoTo when the attempt has moved on meanwhile, so that a second click does nothing."""
    visit = visit_of(request)
    form = await form_of(request, visit.session.id)
    payment = _payment_of(request, visit)
    if payment.status != "created" or payment.stage not in stages:
        raise GoTo(_url(visit, payment))
    if visit.state is not SessionState.OPEN:
        raise GoTo(visit.url)
    return visit, payment, form


def _payment_of(request: Request, visit: Visit) -> Payment:
    payment = visit.gateway.store.get(Payment, str(request.path_params["payment_id"]))
    if payment is None or payment.session_id != visit.session.id:
        raise PageProblem(404, "No such attempt", "Go back to the payment page.")
    return payment


def _render_stage(request: Request, visit: Visit, payment: Payment, *, problem: str = "") -> Response:
    phone_url = phone_address(request, payment.phone_token) if payment.phone_token else ""
    return render(
        request,
        STAGE_TEMPLATES[payment.stage],
        status=422 if problem else 200,
        return_urls=visit.return_urls,
        visit=visit,
        payment=payment,
        method_text=method_text(payment),
        url=_url(visit, payment),
        problem=problem,
        resends_left=OTP_RESENDS_MAXIMUM - payment.otp_resends,
        resend_wait_s=_resend_wait_s(visit, payment),
        phone_url=phone_url,
        qr_svg=qr_svg(phone_url) if phone_url else "",
        app_name=UPI_APPS.get(payment.upi_app or "", "your UPI app"),
    )


def _render_paid(request: Request, visit: Visit, payment: Payment) -> Response:
    fields = fields_on_the_way(visit.gateway, payment, success_fields(visit.gateway, payment))
    page = render(
        request,
        "paid.html",
        return_urls=visit.return_urls,
        visit=visit,
        payment=payment,
        method_text=method_text(payment),
        return_fields=fields,
    )
    if fields and not visit.session.link_id and does_return_twice(visit.gateway, payment):
        page.background = BackgroundTask(return_by_itself, visit.session.callback_url, fields)
    return page


def _render_failed(request: Request, visit: Visit, payment: Payment) -> Response:
    failures = visit.gateway.store.count(Payment, "session_id = ? AND status = 'failed'", visit.session.id)
    is_over = visit.state is SessionState.EXHAUSTED
    return render(
        request,
        "failed.html",
        return_urls=visit.return_urls,
        visit=visit,
        payment=payment,
        method_text=method_text(payment),
        failure=FAILURES[payment.error_reason or "payment_failed"],
        method_code=method_code(payment),
        attempts_left=FAILURES_MAXIMUM - failures,
        return_fields=failure_fields(visit.gateway, visit.session) if is_over else {},
    )


def method_text(payment: Payment) -> str:
    """How it was paid, for people: "Visa ending 1007", "HDFC Bank", "Google Pay"."""
    match payment.method:
        case "card":
            return f"{payment.card_network} ending {payment.card_last4}"
        case "netbanking":
            return BANKS[payment.bank or ""]
        case "wallet":
            return WALLETS[payment.wallet or ""]
        case _:
            return f"UPI, {UPI_APPS[payment.upi_app]}" if payment.upi_app else "UPI QR"


def method_code(payment: Payment) -> str:
    """The checkout's form this attempt came from."""
    if payment.method == "upi":
        return "upi" if payment.upi_app else "upi-qr"
    return "cards" if payment.method == "card" else payment.method


def _otp_age_s(visit: Visit, payment: Payment) -> float:
    return visit.gateway.clock.now() - payment.otp_sent_at


def _resend_wait_s(visit: Visit, payment: Payment) -> float:
    """As the payer's own clock counts them."""
    return visit.gateway.clock.wall_s(max(OTP_RESEND_AFTER_S - _otp_age_s(visit, payment), 0))


def _back_to(visit: Visit, payment: Payment) -> Response:
    return RedirectResponse(_url(visit, payment), 303)


def _url(visit: Visit, payment: Payment) -> str:
    return f"{visit.url}/attempts/{payment.id}"
