"""Switches: which draws strike, for whom, how often; and what they make of one message."""

from typing import Any

import pytest

from khata_sandbox.smsc.faults import FAULTS
from khata_sandbox.smsc.numbers import MessageState
from khata_sandbox.smsc.outcomes import Ids, Outcome, decide_ids, decide_outcome
from khata_sandbox.smsc.scenarios import scenario_for
from khata_sandbox.smsc.switches import Luck, Subject, Switches
from khata_sandbox.switches import SwitchRefused

ASHA = Subject("asha", "919812345678", "your code is 4711")
NUMBER = "80000001000000FF"


def switched(*given: dict[str, Any], seed: int = 7) -> Switches:
    switches = Switches(seed)
    for one in given:
        switches.switch_on(one)
    return switches


def strikes(switches: Switches, count: int, subject: Subject = ASHA, fault: str = "throttled") -> list[bool]:
    return [switches.strike(fault, subject) is not None for _ in range(count)]


def outcome(*faults: str, to: str = "919812345678") -> Outcome:
    luck = Luck(switched(*({"fault": fault} for fault in faults)), ASHA)
    return decide_outcome(decide_ids(NUMBER, luck), scenario_for(to), luck)


def states(decided: Outcome) -> list[MessageState]:
    return [report.end.state for report in decided.reports]


def test_the_same_seed_gives_the_same_strikes_and_another_one_others() -> None:
    half = {"fault": "throttled", "percent": 50}
    first, again, other = (strikes(switched(half, seed=seed), 200) for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert 60 < sum(first) < 140


def test_beginning_anew_draws_the_same_again() -> None:
    switches = switched({"fault": "throttled", "percent": 50})
    first = strikes(switches, 50)
    switches.begin_anew(7)
    assert strikes(switches, 50) == first


def test_a_count_ends_the_strikes() -> None:
    switches = switched({"fault": "throttled", "count": 2})
    assert strikes(switches, 4) == [True, True, False, False]
    assert [(switch.strikes, switch.left) for switch in switches.listed()] == [(2, 0)]


@pytest.mark.parametrize(
    ("target", "is_struck"),
    [
        ("all", True),
        ("919812345678", True),
        ("+919812345678", True),
        ("asha", True),
        ("text:4711", True),
        ("919812345679", False),
        ("bilal", False),
        ("text:0815", False),
    ],
)
def test_a_target_is_a_number_a_system_or_words_of_the_text(target: str, is_struck: bool) -> None:
    assert strikes(switched({"fault": "throttled", "target": target}), 1) == [is_struck]


def test_a_switch_for_a_target_goes_before_one_for_all() -> None:
    for_all, for_one = {"fault": "submit_refused", "value": 1}, {"fault": "submit_refused", "value": 2}
    switch = switched(for_all, for_one | {"target": "asha"}).strike("submit_refused", ASHA)
    assert switch
    assert switch.value == 2


def test_switching_off_takes_one_target_one_fault_or_all() -> None:
    switches = switched({"fault": "silent"}, {"fault": "silent", "target": "asha"}, {"fault": "expired"})
    switches.switch_off("silent", "asha")
    assert [switch.target for switch in switches.listed()] == ["all", "all"]
    switches.switch_off("silent")
    assert [switch.fault for switch in switches.listed()] == ["expired"]
    switches.switch_off()
    assert not switches.is_any_on


@pytest.mark.parametrize("target", ["919812345678", "+919812345678", " 919812345678"])
def test_a_number_is_switched_off_however_its_plus_is_written(target: str) -> None:
    switches = switched({"fault": "silent", "target": "+919812345678"})
    switches.switch_off("silent", target)
    assert switches.listed() == []


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"fault": "no_such"},
        {"fault": "silent", "more": 1},
        {"fault": "silent", "target": ""},
        {"fault": "silent", "target": "text:"},
        {"fault": "silent", "target": "+"},
        {"fault": "silent", "target": "+text:"},
        {"fault": "silent", "percent": 0},
        {"fault": "silent", "percent": True},
        {"fault": "silent", "count": 0},
        {"fault": "silent", "value": 1},
        {"fault": "answer_late", "value": 1.5},
        {"fault": "answer_late", "value": 600_001},
    ],
)
def test_a_switch_that_does_not_exist_is_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(SwitchRefused):
        switched(wanted)


@pytest.mark.parametrize("seed", [None, -1, "7", 2**63 + 1])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(SwitchRefused):
        Switches(7).begin_anew(seed)


def test_every_fault_starts_with_a_value_it_takes() -> None:
    for fault in FAULTS:
        assert switched({"fault": fault.name}).listed()[0].value == fault.value
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize(
    ("fault", "ids"),
    [
        ("throttled", (NUMBER, NUMBER)),
        ("id_hex", ("9223372041149743359", NUMBER)),
        ("id_decimal", (NUMBER, "9223372041149743359")),
        ("id_lower", (NUMBER, "80000001000000ff")),
        ("id_padded", (NUMBER, "0000" + NUMBER)),
    ],
)
def test_an_id_is_told_in_the_form_that_was_switched_on(fault: str, ids: tuple[str, str]) -> None:
    assert decide_ids(NUMBER, Luck(switched({"fault": fault}), ASHA)) == Ids(*ids)


def test_without_faults_the_number_alone_decides() -> None:
    assert states(outcome()) == [MessageState.DELIVERED]
    assert states(outcome(to="910007")) == [MessageState.DELIVERED, MessageState.UNDELIVERABLE]
    assert outcome(to="910006").is_early


@pytest.mark.parametrize(("fault", "end"), [("undeliverable", (5, 1)), ("expired", (3, 2)), ("rejected", (8, 633))])
def test_a_message_comes_to_the_end_that_was_switched_on(fault: str, end: tuple[int, int]) -> None:
    decided = outcome(fault)
    assert decided.end == end
    assert [report.end for report in decided.reports] == [end]


def test_receipts_come_never_twice_contradicted_or_with_a_foreign_one() -> None:
    assert outcome("receipt_lost", "receipt_twice").reports == ()
    assert states(outcome("receipt_twice")) == [MessageState.DELIVERED] * 2
    assert states(outcome("receipt_contradicted")) == [MessageState.DELIVERED, MessageState.UNDELIVERABLE]
    assert states(outcome("receipt_contradicted", "expired")) == [MessageState.EXPIRED, MessageState.DELIVERED]
    own, foreign = outcome("receipt_foreign").reports
    assert (own.told_id, foreign.told_id) == (NUMBER, "FEED" + NUMBER)


def test_an_early_receipt_cannot_be_late() -> None:
    assert (outcome("receipt_late").late_ms, outcome("receipt_late").is_early) == (10_000, False)
    assert (outcome("receipt_late", "receipt_early").late_ms, outcome("receipt_early").is_early) == (0, True)


def test_a_number_that_is_never_reported_stays_so() -> None:
    decided = outcome("undeliverable", "receipt_twice", to="910003")
    assert (decided.end.state, decided.reports) == (MessageState.UNDELIVERABLE, ())
