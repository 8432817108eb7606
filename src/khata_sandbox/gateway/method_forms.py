"""The forms behind the five methods: check what was chosen, start the attempt, go to its next step."""

import secrets
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.attempts import begin_card, begin_netbanking, begin_upi_app, begin_wallet
from khata_sandbox.gateway.cards import read_card
from khata_sandbox.gateway.checkout import Visit, open_form, render_methods
from khata_sandbox.gateway.methods import BANKS, UPI_APPS, WALLETS
from khata_sandbox.gateway.pages import INDIA, PageProblem
from khata_sandbox.gateway.rows import Payment


def routes() -> list[Route]:
    return [
        Route("/checkout/{session_id}/upi", post_upi, methods=["POST"]),
        Route("/checkout/{session_id}/cards", post_cards, methods=["POST"]),
        Route("/checkout/{session_id}/netbanking", post_netbanking, methods=["POST"]),
        Route("/checkout/{session_id}/wallet", post_wallet, methods=["POST"]),
    ]


async def post_upi(request: Request) -> Response:
    visit, form = await _method_form(request, "upi")
    app = form.get("app", "")
    if app not in UPI_APPS:
        return render_methods(request, visit, open_method="upi", problems={"app": "Choose a UPI app."}, kept=form)
    token = secrets.token_urlsafe(12)
    return _next_step(visit, begin_upi_app(visit.gateway, visit.session, _key(form), app, token))


async def post_cards(request: Request) -> Response:
    visit, form = await _method_form(request, "cards")
    today = datetime.fromtimestamp(visit.gateway.clock.now(), INDIA)
    card = read_card(
        number=form.get("card_number", ""),
        expiry=form.get("card_expiry", ""),
        cvv=form.get("card_cvv", "").strip(),
        today=(today.year, today.month),
    )
    if isinstance(card, dict):
        kept = {name: form.get(name, "") for name in ("card_expiry", "card_name")}
        return render_methods(request, visit, open_method="cards", problems=card, kept=kept)
    return _next_step(visit, begin_card(visit.gateway, visit.session, _key(form), card))


async def post_netbanking(request: Request) -> Response:
    visit, form = await _method_form(request, "netbanking")
    bank = form.get("other_bank") or form.get("bank", "")
    if bank not in BANKS:
        problems = {"bank": "Choose your bank."}
        return render_methods(request, visit, open_method="netbanking", problems=problems, kept=form)
    return _next_step(visit, begin_netbanking(visit.gateway, visit.session, _key(form), bank))


async def post_wallet(request: Request) -> Response:
    visit, form = await _method_form(request, "wallet")
    wallet, mobile = form.get("wallet", ""), _mobile(form.get("mobile", ""))
    problems = {} if wallet in WALLETS else {"wallet": "Choose a wallet."}
    if mobile is None:
        problems["mobile"] = "Enter the ten digits of an Indian mobile number."
    if problems or mobile is None:
        return render_methods(request, visit, open_method="wallet", problems=problems, kept=form)
    return _next_step(visit, begin_wallet(visit.gateway, visit.session, _key(form), wallet, mobile))


async def _method_form(request: Request, code: str) -> tuple[Visit, dict[str, str]]:
    visit, form = await open_form(request)
    method = next((method for method in visit.methods if method.code == code), None)
    if method is None:
        raise PageProblem(400, "Not offered", "The shop wants this order paid by another method.")
    if visit.session.amount_minor > method.maximum_minor:
        raise PageProblem(400, "Amount too high", "This payment is over what the chosen method can carry.")
    return visit, form


def _key(form: dict[str, str]) -> str:
    return form.get("attempt_key") or secrets.token_urlsafe(12)


def _next_step(visit: Visit, payment: Payment) -> Response:
    return RedirectResponse(f"{visit.url}/attempts/{payment.id}", 303)


def _mobile(text: str) -> str | None:
    """`98765 43210`, `098…` or `+91 98…` → `+919876543210`; None when it is no Indian mobile number."""
    digits = "".join(character for character in text if character not in " -()+")
    digits = digits[-10:] if len(digits) in (11, 12) and digits.startswith(("0", "91")) else digits
    is_mobile = len(digits) == 10 and digits.isascii() and digits.isdigit() and digits[0] in "6789"
    return f"+91{digits}" if is_mobile else None
