"""A run: many top-ups at once with every fault of the gateway on, then time, then reconciliation, then the truth."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx

from khata.billing.operations import open_organisation
from khata.billing.operations.reconciliation import reconcile_between
from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid
from khata.payments.registry import default_gateway
from khata.tenancy.models import Member
from khata.tenancy.operations import BillingDetails, change_billing_details
from tests.drivers.payments.sandbox_gateway import KEY_ID, KEY_SECRET, SandboxGateway

from . import afterwards
from .door import Door
from .stories import Stage, play
from .truth import Verdict, compare, read_journal
from .worker import sweep, work_off

FAULTS: tuple[dict[str, object], ...] = (
    {"fault": "webhook_duplicate", "percent": 20},
    {"fault": "webhook_reorder", "percent": 30},
    {"fault": "webhook_delay", "percent": 30, "value": 900},
    {"fault": "webhook_drop", "percent": 30},
    {"fault": "webhook_bad_signature", "percent": 15},
    {"fault": "api_slow", "percent": 2, "value": 1},
    {"fault": "api_429", "percent": 4},
    {"fault": "api_500", "percent": 4},
    {"fault": "api_html", "percent": 4},
    {"fault": "api_cut", "percent": 4},
    {"fault": "api_lost", "percent": 8},
    {"fault": "api_lost", "percent": 30, "target": "POST"},
    {"fault": "pay_late", "percent": 15, "value": 1_200},
    {"fault": "capture_late", "percent": 15, "value": 1_800},
    {"fault": "pay_twice", "percent": 10},
    {"fault": "pay_short", "percent": 5, "value": 100},
    {"fault": "refund_slow", "percent": 40, "value": 5 * 86_400},
    {"fault": "refund_fails", "percent": 20, "value": 3_600},
    {"fault": "dispute_won", "percent": 4, "value": 3 * 86_400},
    {"fault": "dispute_lost", "percent": 6, "value": 4 * 86_400},
    {"fault": "return_lost", "percent": 20},
    {"fault": "return_twice", "percent": 20},
    {"fault": "return_forged", "percent": 20},
)
ORGANISATIONS = 8
PAYERS_AT_ONCE = 6
ROUNDS_MAX = 8
AHEAD = timedelta(days=40)
"""How far the gateway's clock may have been moved beyond ours."""


def run(*, top_ups: int, seed: int, data_dir: Path, port: int) -> Verdict:
    """Ends with the gateway's journal held against the books of the organisations it made."""
    with Door() as door, _gateway(data_dir, port, seed, door) as gateway, _control(gateway) as control:
        organisation_ids = tuple(_organisation(number) for number in range(ORGANISATIONS))
        for fault in FAULTS:
            assert control.post("/_sandbox/faults", json=fault).status_code == 200
        _let_payers_pay(Stage(gateway, door, organisation_ids, seed), top_ups)
        _let_time_pass(control, organisation_ids, 3_600, 3_600)
        _let_money_go(control, organisation_ids, Random(seed))
        _let_time_pass(control, organisation_ids, 7_200, 5 * 86_400, 86_400)
        assert control.delete("/_sandbox/faults").status_code == 200
        verdict = _reconcile(control, organisation_ids)
        assert door.errors == []
    return verdict


def _let_payers_pay(stage: Stage, count: int) -> None:
    with ThreadPoolExecutor(PAYERS_AT_ONCE) as payers:
        for story in [payers.submit(play, stage, number) for number in range(count)]:
            story.result()
            work_off()


def _let_time_pass(control: httpx.Client, organisation_ids: tuple[int, ...], *spans_s: int) -> None:
    """The gateway's first, ours behind it."""
    for span_s in spans_s:
        assert control.post("/_sandbox/clock", json={"advance_s": span_s}).status_code == 200
        sweep(organisation_ids)


def _let_money_go(control: httpx.Client, organisation_ids: tuple[int, ...], random: Random) -> None:
    afterwards.spend(organisation_ids, random)
    afterwards.refund_some(organisation_ids, random)
    afterwards.refund_at_the_gateway(control, organisation_ids, random)
    afterwards.pay_twice(control, organisation_ids, random)
    work_off()


def _reconcile(control: httpx.Client, organisation_ids: tuple[int, ...]) -> Verdict:
    """As often as it takes, but not for ever: what is wrong then stays wrong."""
    for _ in range(ROUNDS_MAX):
        now = utc_now()
        reconcile_between(default_gateway(), now - AHEAD, now + AHEAD)
        afterwards.decide_as_a_person(control, organisation_ids, read_journal(control))
        _let_time_pass(control, organisation_ids, 6 * 86_400)
        verdict = compare(read_journal(control), organisation_ids)
        if not verdict.problems:
            break
    return verdict


@contextmanager
def _gateway(data_dir: Path, port: int, seed: int, door: Door) -> Iterator[SandboxGateway]:
    gateway = SandboxGateway(data_dir, port, f"{door.url}/callbacks/razorpay/webhook")
    gateway.environment["SANDBOX_GATEWAY_SEED"] = str(seed)
    with gateway:
        yield gateway


@contextmanager
def _control(gateway: SandboxGateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.url, auth=(KEY_ID, KEY_SECRET), trust_env=False, timeout=60) as client:
        yield client


def _organisation(number: int) -> int:
    owner = Member(email=f"owner-{new_uuid().hex}@example.com", name=f"Owner {number}")
    owner.set_unusable_password()
    owner.save()
    organisation = open_organisation(name=f"Organisation {number}", owner=owner)
    state, gstin = (("29", "29AAGCR4375J1ZU"), ("27", "27AAPFU0939F1ZV"), ("07", "07AAPFU0939F1ZX"))[number % 3]
    details = BillingDetails(f"Organisation {number} Ltd", "12 Residency Road", state, gstin, "+919812345678")
    change_billing_details(organisation_id=organisation.id, details=details)
    return organisation.id
