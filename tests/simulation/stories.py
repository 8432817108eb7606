"""What payers do with one top-up, drawn from a seed: pay, fail, try again, leave, come back, come back forged."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import httpx
from django.db import connection

from khata.billing import operations
from khata.billing.operations import TopUpClosed
from khata.billing.queries import TopUpRow
from khata.payments.errors import GatewayRefused, GatewayUnavailable
from khata.payments.port import AutoPostForm
from tests.drivers.payments.sandbox_gateway import SandboxGateway
from tests.sandbox.gateway.payer import Payer

from .door import Door

TRIES = 8
RUPEES = (100, 250, 999, 1_000, 4_321, 50_000)

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
        form = top_up and _begin(top_up)
        if top_up and form:
            _pay(stage, top_up, form, random)
    finally:
        connection.close()


def _start(stage: Stage, random: Random) -> TopUpRow | None:
    """With one key however often the gateway fails; None for a customer who gave up."""
    organisation_id = random.choice(stage.organisation_ids)
    amount_minor = random.choice(RUPEES) * 100
    key = str(uuid.UUID(int=random.getrandbits(128)))
    return _insist(
        lambda: operations.start_top_up(organisation_id=organisation_id, amount_minor=amount_minor, idempotency_key=key)
    )


def _begin(top_up: TopUpRow) -> AutoPostForm | None:
    start = _insist(lambda: operations.begin_checkout(organisation_id=top_up.organisation_id, top_up_id=top_up.id))
    assert start is None or isinstance(start, AutoPostForm)
    return start


def _pay(stage: Stage, top_up: TopUpRow, form: AutoPostForm, random: Random) -> None:
    with httpx.Client(base_url=stage.gateway.url, trust_env=False, timeout=20) as browser:
        way_back = f"{stage.door.url}/callbacks/razorpay/return/{top_up.public_id}/"
        payer = Payer(browser).start({**form.fields, "callback_url": way_back, "cancel_url": way_back})
        if payer.status != 200:
            return
        checkout = payer.path
        for answer in _answers(random):
            if answer == "leave":
                return
            payer.open(checkout)
            if payer.path != checkout or not payer.page.select_one("#netbanking"):
                return
            payer.press("Pay", within="#netbanking").press(answer)
            if payer.heading == "Payment Successful":
                _come_back(stage, payer, random)
                return
    if random.random() < 0.3:
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


def _come_back(stage: Stage, payer: Payer, random: Random) -> None:
    """With what the page carries, if it carries anything, and sometimes twice."""
    form = payer.page.select_one("#return-form")
    if form is None or random.random() < 0.1:
        return
    action, fields = payer.return_form()
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
