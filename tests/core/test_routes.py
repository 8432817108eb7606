"""Which route a message takes, and what its policy makes of its credits: one case for each outcome."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from khata.carriers.port import Accepted, Answer, Refused, Unavailable, Unknown
from khata.ledger.core import Capture, VoidHold
from khata.messaging.core.hand_over import (
    DELIVERIES_MAX,
    Settlement,
    decide_hand_over,
    decide_unready,
    settling_command,
    under_policy,
)
from khata.messaging.core.life import ASK_AFTER, MessageStatus, next_look_at
from khata.messaging.core.routes import ChargeOn, Policy, Route, RouteTable

TAKEN, NO, LATER, DOUBT = Accepted("ref"), Refused("0x0B", "no"), Unavailable("busy"), Unknown("silence")
ON_ACCEPTED = Policy()
ON_DELIVERED = Policy(ChargeOn.DELIVERED)
SCRUBBED = Policy(ChargeOn.DELIVERED, kept_per_segment=120_000)
RESENT = Policy(is_safe_to_resend=True)
PRICE = 3_000_000
DELIVERED, UNDELIVERED = MessageStatus.DELIVERED, MessageStatus.UNDELIVERED
EXPIRED, FAILED = MessageStatus.EXPIRED, MessageStatus.FAILED

TABLE = RouteTable(
    [
        Route("india", ("a",), prefixes=("91",)),
        Route("jio", ("b",), prefixes=("9170", "9171"), senders=("ACME", "56161")),
        Route("banks", ("c",), prefixes=("91",), senders=("HDFCBK",)),
        Route("rest", ("d",), senders=("ACME",)),
        Route("mail", ("e",), channel="email"),
    ]
)


@pytest.mark.parametrize(
    ("digits", "sender", "name"),
    [
        ("919812345678", "ACME", "india"),
        ("917012345678", "ACME", "jio"),  # the longest prefix
        ("917112345678", "56161", "jio"),
        ("917012345678", "OTHER", "india"),  # the longer one does not take this sender
        ("919812345678", "HDFCBK", "india"),  # of two with one prefix the first
        ("14155550123", "ACME", "rest"),
        ("14155550123", "OTHER", None),
        ("9", "ACME", "rest"),
    ],
)
def test_a_message_takes_the_route_of_its_longest_prefix_and_its_sender(
    digits: str, sender: str, name: str | None
) -> None:
    route = TABLE.route_for("sms", digits, sender)
    assert (route.name if route else None) == name


def test_channels_have_routes_of_their_own() -> None:
    route = TABLE.route_for("email", "919812345678", "ACME")
    assert route is not None
    assert route.name == "mail"
    assert RouteTable([]).route_for("sms", "919812345678", "ACME") is None


@pytest.mark.parametrize(
    ("policy", "status", "taken", "used"),
    [
        (ON_ACCEPTED, DELIVERED, 3, PRICE),
        (ON_ACCEPTED, UNDELIVERED, 3, PRICE),
        (ON_ACCEPTED, EXPIRED, 3, PRICE),
        (ON_ACCEPTED, FAILED, 1, PRICE // 3),
        (ON_ACCEPTED, FAILED, 0, 0),
        (ON_ACCEPTED, EXPIRED, 0, 0),
        (ON_DELIVERED, DELIVERED, 3, PRICE),
        (ON_DELIVERED, UNDELIVERED, 3, 0),
        (ON_DELIVERED, EXPIRED, 3, 0),
        (ON_DELIVERED, FAILED, 1, 0),
        (SCRUBBED, DELIVERED, 3, PRICE),
        (SCRUBBED, UNDELIVERED, 3, 360_000),
        (SCRUBBED, EXPIRED, 2, 240_000),
        (SCRUBBED, FAILED, 1, 120_000),
        (SCRUBBED, FAILED, 0, 0),
        (Policy(ChargeOn.DELIVERED, kept_per_segment=10**12), UNDELIVERED, 3, PRICE),  # never more than its price
    ],
)
def test_what_is_used_of_the_credits_is_the_policys_decision(
    policy: Policy, status: MessageStatus, taken: int, used: int
) -> None:
    assert policy.credits_used(status, PRICE, 3, taken) == used


@pytest.mark.parametrize(
    ("answers", "policy", "status", "settlement"),
    [
        ([TAKEN], ON_ACCEPTED, MessageStatus.SUBMITTED, Settlement.CAPTURE),
        ([TAKEN], ON_DELIVERED, MessageStatus.SUBMITTED, Settlement.KEEP),
        ([NO], ON_DELIVERED, MessageStatus.FAILED, Settlement.VOID),
        ([LATER], ON_DELIVERED, MessageStatus.ACCEPTED, Settlement.KEEP),
        ([DOUBT], ON_ACCEPTED, MessageStatus.UNKNOWN, Settlement.KEEP),
        ([DOUBT], ON_DELIVERED, MessageStatus.UNKNOWN, Settlement.KEEP),
        ([DOUBT], RESENT, MessageStatus.ACCEPTED, Settlement.KEEP),
        ([NO], RESENT, MessageStatus.FAILED, Settlement.VOID),
    ],
)
def test_a_route_decides_when_credits_are_used_and_whether_a_doubt_is_resent(
    answers: list[Answer], policy: Policy, status: MessageStatus, settlement: Settlement
) -> None:
    decided = under_policy(decide_hand_over(answers, 1), policy, is_possible_duplicate=False)
    assert (decided.status, decided.settlement) == (status, settlement)
    assert decided.is_possible_duplicate == (answers == [DOUBT] and policy is RESENT)


def test_a_possible_duplicate_is_not_resent_again() -> None:
    decided = under_policy(decide_hand_over([DOUBT], 1), RESENT, is_possible_duplicate=True)
    assert decided.status is MessageStatus.UNKNOWN


def test_only_what_certainly_stayed_here_may_go_elsewhere() -> None:
    tried: list[list[Answer]] = [[], [LATER], [NO], [DOUBT], [TAKEN], [TAKEN, LATER], [TAKEN, DOUBT]]
    assert [decide_hand_over(answers, 2).may_go_elsewhere for answers in tried] == [True, True, *[False] * 5]
    assert not under_policy(decide_hand_over([DOUBT], 1), RESENT, is_possible_duplicate=False).may_go_elsewhere
    assert not decide_unready(1).may_go_elsewhere


def test_what_cannot_be_made_ready_is_given_up_after_a_few_tries() -> None:
    tries = [decide_unready(attempts) for attempts in range(1, DELIVERIES_MAX + 1)]
    assert {one.status for one in tries[:-1]} == {MessageStatus.ACCEPTED}
    assert (tries[-1].status, tries[-1].settlement) == (MessageStatus.FAILED, Settlement.VOID)


def test_a_hold_ends_by_capture_or_by_void() -> None:
    id_ = uuid4()
    assert settling_command(7, id_, 5) == Capture(7, id_, 5)
    assert settling_command(7, id_, 0) == VoidHold(7, id_)


def test_a_silent_submission_is_looked_at_ever_less_often_and_last_when_its_time_is_over() -> None:
    submitted_at, wait = datetime(2026, 11, 23, 12, tzinfo=UTC), timedelta(hours=3)
    looks, at = [], submitted_at
    while at < submitted_at + wait:
        at = next_look_at(submitted_at, at, wait)
        looks.append(at - submitted_at)
    assert looks == [ASK_AFTER * n for n in (1, 2, 4, 8, 12)]
