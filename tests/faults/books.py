"""What must be true of messages and credits after any fault, told from the database and the SMSC's journal."""

from collections import Counter
from collections.abc import Mapping

from khata.kernel.ids import uuid_from_public
from khata.ledger.core import Kind
from khata.messaging.core.life import MessageStatus
from tests.cli.waiting import wait_until

from .running_demo import RunningDemo

CREDIT = 1_000_000


def assert_each_key_made_one_message(demo: RunningDemo, accepted: Mapping[str, str], name: str) -> None:
    """What the API accepted is what there is: nothing lost, nothing twice, nothing else (INV-24, 37, 38)."""
    rows = demo.select("select body, id from messaging_message where body like %s", f"{name}-%")
    assert sorted(body for body, _ in rows) == sorted(accepted)
    assert dict(rows) == {body: uuid_from_public("msg", id_) for body, id_ in accepted.items()}


def assert_holds_and_messages_belong_together(demo: RunningDemo) -> None:
    """No message without its credits held, and no credits held without their message (INV-18, 20)."""
    strangers = demo.select(
        """select message.id, message.credits, hold.reference, hold.amount
             from messaging_message message
             full join (select reference, sum(amount) as amount from ledger_transfer where kind = %s group by reference)
                    as hold on hold.reference = message.id
            where message.credits is distinct from hold.amount""",
        Kind.HOLD,
    )
    assert strangers == []


def assert_nobody_paid_too_much(demo: RunningDemo) -> None:
    """Credits used are never more than the price, and what is held belongs to messages in doubt (INV-21)."""
    overcharged = demo.select(
        """select message.id from messaging_message message
             join ledger_transfer transfer on transfer.reference = message.id and transfer.kind = %s
            group by message.id, message.credits, message.credits_captured
           having sum(transfer.amount) > message.credits
               or sum(transfer.amount) is distinct from message.credits_captured""",
        Kind.CAPTURE,
    )
    assert overcharged == []
    ((in_doubt,),) = demo.select(
        "select coalesce(sum(credits), 0) from messaging_message where status = %s", MessageStatus.UNKNOWN
    )
    assert demo.balance()[1] * CREDIT == in_doubt


def assert_submitted_once_at_most(demo: RunningDemo, name: str) -> None:
    """One submit_sm per message, none for anything the API did not accept (INV-20, 22)."""
    times = Counter(submit["text"] for submit in demo.submits() if submit["text"].startswith(f"{name}-"))
    assert [text for text, count in times.items() if count > 1] == []
    bodies = {body for (body,) in demo.select("select body from messaging_message")}
    assert times.keys() <= bodies


def wait_until_all_ended(demo: RunningDemo, name: str, *ends: MessageStatus) -> dict[MessageStatus, int]:
    """Until each message is delivered or visibly `unknown`, or has one of `ends`; how many are which.

    However many there are: it fails where for the time of a deadline no further message ends.
    """
    counts: dict[MessageStatus, int] = {}

    def under_way() -> int:
        demo.let_dead_leases_run_out()
        rows = demo.select("select status, count(*) from messaging_message where body like %s group by 1", f"{name}-%")
        counts.clear()
        counts.update((MessageStatus(status), count) for status, count in rows)
        return sum(counts[status] for status in counts.keys() - {MessageStatus.DELIVERED, MessageStatus.UNKNOWN, *ends})

    while left := under_way():
        wait_until(lambda most=left: under_way() < most, f"fewer than {left} were under way; at first {counts}")
    return counts
