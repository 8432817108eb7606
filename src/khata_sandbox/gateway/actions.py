"""What a person or a program may make happen out of turn: banks that answer, events that go again.

Data for two doors: the control page draws a button for each action its subject is ready for, `/_sandbox` runs any.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from khata_sandbox.gateway.customer_rows import Token
from khata_sandbox.gateway.disputes import UNDECIDED, decide_dispute, open_dispute
from khata_sandbox.gateway.downtimes import resolve_downtime
from khata_sandbox.gateway.errors import unknown_id, unknown_url
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.payments import capture_again, capture_now, fail, succeed
from khata_sandbox.gateway.refunds import fail_refund, process_refund
from khata_sandbox.gateway.rows import Event, Payment, Refund, Row
from khata_sandbox.gateway.settlement_rows import Dispute, Downtime
from khata_sandbox.gateway.tokens import change_mandate
from khata_sandbox.gateway.webhooks import send_again


@dataclass(frozen=True, slots=True)
class Action:
    """`is_ready` says whether it would do anything; `do` is safe either way, and may raise ApiError."""

    name: str
    label: Callable[[Any], str]
    is_ready: Callable[[Any], bool]
    do: Callable[[Gateway, str], object]


@dataclass(frozen=True, slots=True)
class Subject:
    row_type: type[Row]
    actions: tuple[Action, ...]


def _fail(gateway: Gateway, payment_id: str) -> object:
    return fail(gateway, payment_id, "payment_failed")


def _is_undecided(dispute: Dispute) -> bool:
    return dispute.status in UNDECIDED


def _decide(verdict: str) -> Callable[[Gateway, str], object]:
    def decide(gateway: Gateway, dispute_id: str) -> object:
        return decide_dispute(gateway, dispute_id, verdict)

    return decide


def _is_mandate(*statuses: str) -> Callable[[Token], bool]:
    return lambda token: bool(token.is_mandate) and token.status in statuses


def _change(status: str) -> Callable[[Gateway, str], object]:
    """As a payer does in the app of their bank."""

    def change(gateway: Gateway, token_id: str) -> object:
        token = gateway.store.get(Token, token_id)
        return token and change_mandate(gateway, token, status)

    return change


SUBJECTS = {
    "payments": Subject(
        Payment,
        (
            Action(
                "succeed",
                lambda payment: "Succeed now" if payment.status == "created" else "Succeed late",
                lambda payment: payment.status in ("created", "failed"),
                succeed,
            ),
            Action("fail", lambda _: "Fail now", lambda payment: payment.status == "created", _fail),
            Action("capture", lambda _: "Capture", lambda payment: payment.status == "authorized", capture_now),
            Action(
                "capture_again", lambda _: "Capture again", lambda payment: bool(payment.is_captured), capture_again
            ),
            Action("dispute", lambda _: "Dispute", lambda payment: bool(payment.is_captured), open_dispute),
        ),
    ),
    "refunds": Subject(
        Refund,
        (
            Action("process", lambda _: "Process now", lambda refund: refund.status == "pending", process_refund),
            Action("fail", lambda _: "Fail", lambda refund: refund.status != "failed", fail_refund),
        ),
    ),
    "disputes": Subject(
        Dispute,
        (
            Action("win", lambda _: "Shop wins", _is_undecided, _decide("won")),
            Action("lose", lambda _: "Shop loses", _is_undecided, _decide("lost")),
        ),
    ),
    "tokens": Subject(
        Token,
        (
            Action("pause", lambda _: "Pause", _is_mandate("confirmed"), _change("paused")),
            Action("resume", lambda _: "Resume", _is_mandate("paused"), _change("confirmed")),
            Action("cancel", lambda _: "Cancel", _is_mandate("confirmed", "paused"), _change("cancelled")),
        ),
    ),
    "downtimes": Subject(
        Downtime,
        (Action("resolve", lambda _: "End", lambda downtime: downtime.ended_at is None, resolve_downtime),),
    ),
    "events": Subject(Event, (Action("send", lambda _: "Send again", lambda _: True, send_again),)),
}


def actions_for(kind: str, row: Row) -> list[tuple[str, str]]:
    """Name and label of each action this row is ready for."""
    subject = SUBJECTS.get(kind)
    return [(one.name, one.label(row)) for one in (subject.actions if subject else ()) if one.is_ready(row)]


def act(gateway: Gateway, kind: str, subject_id: str, action_name: str) -> None:
    """Raises ApiError for a subject or an action there is not, and where the subject is not ready for it."""
    subject = SUBJECTS.get(kind)
    action = next((action for action in subject.actions if action.name == action_name), None) if subject else None
    if subject is None or action is None:
        raise unknown_url()
    if gateway.store.get(subject.row_type, subject_id) is None:
        raise unknown_id()
    action.do(gateway, subject_id)
