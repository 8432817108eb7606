"""Numbers that misbehave on purpose, by their last four digits. Every other number is delivered."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from khata_sandbox.smsc.numbers import MessageState, Status


class Answer(Enum):
    """When submit_sm is answered."""

    AT_ONCE = "at once"
    AFTER_RECEIPT = "after the receipt"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`receipts` are the final states reported, in order; the first one is what became of the message."""

    story: str
    receipts: tuple[MessageState, ...] = (MessageState.DELIVERED,)
    refusal: Status = Status.ROK
    throttled_count: int = 0
    """How many submissions of the same message are throttled before one is accepted."""
    answer: Answer = Answer.AT_ONCE


ORDINARY: Final = Scenario("accepted and delivered")
SCENARIOS: Final = {
    "0001": Scenario("refused: ESME_RINVDSTADR", receipts=(), refusal=Status.RINVDSTADR),
    "0002": Scenario("receipt UNDELIV", receipts=(MessageState.UNDELIVERABLE,)),
    "0003": Scenario("delivered, but no receipt ever comes", receipts=()),
    "0004": Scenario("taken, but submit_sm is never answered and no receipt comes", receipts=(), answer=Answer.NEVER),
    "0005": Scenario("throttled three times (ESME_RTHROTTLED), then accepted", throttled_count=3),
    "0006": Scenario("the receipt comes before the answer to submit_sm", answer=Answer.AFTER_RECEIPT),
    "0007": Scenario(
        "receipt DELIVRD, then a contradicting UNDELIV", receipts=(MessageState.DELIVERED, MessageState.UNDELIVERABLE)
    ),
    "0008": Scenario("receipt EXPIRED", receipts=(MessageState.EXPIRED,)),
}


def scenario_for(destination: str) -> Scenario:
    return SCENARIOS.get(destination[-4:], ORDINARY)
