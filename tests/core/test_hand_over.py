"""What a carrier's answers make of a message: only what it took is paid for, and a doubt stays a doubt."""

import itertools

import pytest

from khata.carriers.port import Accepted, Answer, ReceiptState, Refused, Unavailable, Unknown
from khata.messaging.core.hand_over import Settlement, decide_hand_over
from khata.messaging.core.life import MessageStatus, may_become, part_status, status_of_parts

TAKEN, NO, LATER, DOUBT = Accepted("ref"), Refused("0x0B", "no"), Unavailable("busy"), Unknown("silence")


@pytest.mark.parametrize(
    ("answers", "segments", "status", "settlement", "taken"),
    [
        ([TAKEN], 1, MessageStatus.SUBMITTED, Settlement.CAPTURE, 1),
        ([TAKEN, TAKEN, TAKEN], 3, MessageStatus.SUBMITTED, Settlement.CAPTURE, 3),
        ([NO], 1, MessageStatus.FAILED, Settlement.VOID, 0),
        ([LATER], 1, MessageStatus.ACCEPTED, Settlement.KEEP, 0),
        ([], 1, MessageStatus.ACCEPTED, Settlement.KEEP, 0),
        ([DOUBT], 1, MessageStatus.UNKNOWN, Settlement.KEEP, 0),
        ([TAKEN, NO], 3, MessageStatus.FAILED, Settlement.CAPTURE, 1),
        ([TAKEN, LATER], 2, MessageStatus.FAILED, Settlement.CAPTURE, 1),
        ([TAKEN, DOUBT], 2, MessageStatus.UNKNOWN, Settlement.KEEP, 1),
    ],
)
def test_answers_decide_state_and_money(
    answers: list[Answer], segments: int, status: MessageStatus, settlement: Settlement, taken: int
) -> None:
    decided = decide_hand_over(answers, segments)
    assert (decided.status, decided.settlement, decided.segments_taken) == (status, settlement, taken)
    assert [part for part, _ in decided.refs] == list(range(1, taken + 1))


@pytest.mark.parametrize(
    "answers", [list(a) for n in (1, 2, 3) for a in itertools.product([TAKEN, NO, LATER, DOUBT], repeat=n)]
)
def test_a_message_is_tried_again_only_if_no_part_of_it_can_have_left(answers: list[Answer]) -> None:
    decided = decide_hand_over(answers, 3)
    if decided.status is MessageStatus.ACCEPTED:
        assert not any(isinstance(answer, Accepted | Unknown) for answer in answers)
    if any(isinstance(answer, Unknown) for answer in answers):
        assert decided.settlement is Settlement.KEEP


ON_ITS_WAY = (MessageStatus.SCHEDULED, MessageStatus.ACCEPTED, MessageStatus.SUBMITTING)
HANDED_OVER = (MessageStatus.SUBMITTED, MessageStatus.UNKNOWN)


@pytest.mark.parametrize(("now", "new"), list(itertools.product(MessageStatus, repeat=2)))
def test_rank_only_rises_and_a_final_state_stays(now: MessageStatus, new: MessageStatus) -> None:
    if now in HANDED_OVER:
        follows = new.is_final or (new in HANDED_OVER and new is not now)
    else:
        follows = now in ON_ITS_WAY and (new not in ON_ITS_WAY or ON_ITS_WAY.index(new) > ON_ITS_WAY.index(now))
    assert may_become(now, new) == follows


def test_a_message_ends_with_its_last_part_and_one_lost_part_loses_it() -> None:
    submitted, delivered, lost = MessageStatus.SUBMITTED, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED
    assert status_of_parts([delivered, submitted]) is None
    assert status_of_parts([]) is None
    assert status_of_parts([delivered, delivered]) is delivered
    assert status_of_parts([delivered, lost, delivered]) is lost


def test_only_final_receipts_decide() -> None:
    decided = {state for state in ReceiptState if part_status(state) is not None}
    assert decided == {ReceiptState.DELIVERED, ReceiptState.UNDELIVERED, ReceiptState.REJECTED, ReceiptState.EXPIRED}
