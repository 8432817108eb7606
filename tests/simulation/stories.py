"""What payers do with one top-up, drawn from a seed: pay at the checkout, by a link or by a code, fail, try again,
leave, come back, come back forged.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from django.db import connection

from khata.billing import operations
from khata.billing.operations import TopUpClosed
from khata.billing.queries import TopUpRow
from khata.payments.errors import GatewayRefused, GatewayUnavailable
from khata.payments.port import AutoPostForm
from khata.payments.ways import PayBy
from tests.drivers.payments.sandbox_gateway import SandboxGateway
from tests.sandbox.gateway.payer import Payer

from .door import Door

TRIES = 8
RUPEES = (100, 250, 999, 1_000, 4_321, 50_000)
WAYS = {PayBy.CHECKOUT: 6, PayBy.LINK: 2, PayBy.UPI_QR: 2}
"""How often each is chosen."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    gateway: SandboxGateway
    door: Door
    organisation_ids: tuple[int, ...]
    seed: int


def play(stage: Stage, number: int) -> None:
    """One top-up from its beginning to where its payer leaves it."""
    random = Random(f"{stage.seed}:{number}")
    try:
        top_up = _start(stage, random)
        if top_up is None:
            return
        match top_up.pay_by:
            case PayBy.CHECKOUT:
                _at_the_checkout(stage, top_up, random)
            case PayBy.LINK:
                _by_link(stage, top_up, random)
            case PayBy.UPI_QR:
                _by_code(stage, top_up, random)
    finally:
        connection.close()


def _start(stage: Stage, random: Random) -> TopUpRow | None:
    """With one key however often the gateway fails; None for a customer who gave up."""
    organisation_id = random.choice(stage.organisation_ids)
    amount_minor = random.choice(RUPEES) * 100
    key = str(uuid.UUID(int=random.getrandbits(128)))
    (pay_by,) = random.choices(tuple(WAYS), weights=tuple(WAYS.values()))
    return _insist(
        lambda: operations.start_top_up(
            organisation_id=organisation_id, amount_minor=amount_minor, idempotency_key=key, pay_by=pay_by
        )
    )


def _at_the_checkout(stage: Stage, top_up: TopUpRow, random: Random) -> None:
    start = _insist(lambda: operations.begin_checkout(organisation_id=top_up.organisation_id, top_up_id=top_up.id))
    if start is None:
        return
    assert isinstance(start, AutoPostForm)
    with _browser(stage) as browser:
        way_back = f"{stage.door.url}/callbacks/razorpay/return/{top_up.public_id}/"
        payer = Payer(browser).start({**start.fields, "callback_url": way_back, "cancel_url": way_back})
        if payer.status == 200:
            _pay(stage, top_up, payer, random)


def _by_link(stage: Stage, top_up: TopUpRow, random: Random) -> None:
    """A colleague pays, or the member cancels before the colleague has, or while."""
    address = _address(top_up)
    if address is None:
        return
    with _browser(stage) as browser:
        payer = Payer(browser).open(address)
        payer.press("Proceed to pay")
        if random.random() < 0.1:
            _cancel(top_up)
        _pay(stage, top_up, payer, random)


def _by_code(stage: Stage, top_up: TopUpRow, random: Random) -> None:
    """A phone scans, perhaps twice, and answers."""
    address = _address(top_up)
    if address is None:
        return
    with _browser(stage) as browser:
        payer = Payer(browser)
        for answer in random.choice((["Approve"], ["Approve"], ["Decline", "Approve"], ["Keep pending"], ["Decline"])):
            if payer.open(address.removesuffix(".png")).status == 200:
                payer.press(answer)
    if random.random() < 0.1:
        _cancel(top_up)


def _address(top_up: TopUpRow) -> str | None:
    """The path of the link or the image, asked for again where the answer was lost; None for who gave up."""

    def look() -> str:
        found = operations.look_again(organisation_id=top_up.organisation_id, top_up_id=top_up.id)
        if not found.pay_url:
            raise GatewayUnavailable
        return urlsplit(found.pay_url).path

    return _insist(look)


def _browser(stage: Stage) -> httpx.Client:
    return httpx.Client(base_url=stage.gateway.url, trust_env=False, timeout=20)


def _pay(stage: Stage, top_up: TopUpRow, payer: Payer, random: Random) -> None:
    checkout = payer.path
    for answer in _answers(random):
        if answer == "leave":
            return
        payer.open(checkout)
        if payer.path != checkout or not payer.page.select_one("#netbanking"):
            return
        payer.press("Pay", within="#netbanking").press(answer)
        if payer.heading == "Payment Successful":
            _come_back(stage, top_up, payer, random)
            return
    if random.random() < 0.3:
        _cancel(top_up)


def _cancel(top_up: TopUpRow) -> None:
    _insist(lambda: operations.cancel_top_up(organisation_id=top_up.organisation_id, top_up_id=top_up.id))


def _answers(random: Random) -> list[str]:
    """What the bank says to one attempt after the other."""
    return random.choices(
        (
            ["Success"],
            ["Success", "Success"],
            ["Failure", "Success"],
            ["Failure", "Failure"],
            ["Stay pending"],
            ["Stay pending", "Success"],
            ["leave"],
        ),
        weights=(50, 15, 12, 5, 6, 6, 6),
    )[0]


def _come_back(stage: Stage, top_up: TopUpRow, payer: Payer, random: Random) -> None:
    """With what the page carries, if it carries anything, and sometimes twice."""
    form = payer.page.select_one("#return-form")
    if form is None or random.random() < 0.1:
        return
    _, fields = payer.return_form()
    # A link leads back to the address Khata serves under, which nobody answers at here.
    action = f"{stage.door.url}/callbacks/razorpay/return/{top_up.public_id}/"
    for _ in range(random.choice((1, 1, 1, 2))):
        answer = httpx.post(action, data=fields, trust_env=False, timeout=30)
        assert answer.status_code == 303, answer.text


def _insist(call: Callable[[], T]) -> T | None:
    """As a customer presses the button again; None once it has failed too often, or is too late."""
    for _ in range(TRIES):
        try:
            return call()
        except (GatewayUnavailable, GatewayRefused):
            continue
        except TopUpClosed:
            return None
    return None
