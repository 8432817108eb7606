"""A run: many messages with every fault of the SMSC on and workers killed, then health, then time, then the truth."""

from pathlib import Path
from random import Random
from typing import Any

from khata.messaging.core.life import MessageStatus
from tests.cli.waiting import wait_until

from .messages_customers import Customer
from .messages_stack import WORKERS_COUNT, Stack
from .messages_truth import Sent, Verdict, compare

BATCH_SIZE = 50
FUNDED_COUNT = 4
SEGMENTS_MAX = 4
OPTED_OUT_EVERY = 40
SENDER = "56161"
"""A number, so that phones can answer."""
PREFIXES = ("+9197", "+9198", "+9199")
TEXTS = ("Your parcel comes today.", "x" * 250, "आपका पार्सल आज आएगा। ", "Price: 10€ [~] " * 20, "😀 " * 40)
FAULTS: tuple[dict[str, Any], ...] = (
    {"fault": "submit_refused", "percent": 3},
    {"fault": "answer_late", "percent": 15, "value": 300},
    {"fault": "answer_lost", "percent": 2},
    {"fault": "answer_trickled", "percent": 5},
    {"fault": "query_refused", "percent": 20},
    {"fault": "receipt_early", "percent": 15},
    {"fault": "receipt_late", "percent": 10, "value": 2_000},
    {"fault": "receipt_lost", "percent": 8},
    {"fault": "receipt_twice", "percent": 10},
    {"fault": "receipt_contradicted", "percent": 8},
    {"fault": "receipt_foreign", "percent": 8},
    {"fault": "undeliverable", "percent": 4},
    {"fault": "expired", "percent": 4, "value": 620},
    {"fault": "rejected", "percent": 4},
    {"fault": "id_lower", "percent": 30, "target": "first"},
    {"fault": "id_padded", "percent": 30, "target": "first"},
    {"fault": "id_decimal", "percent": 100, "target": "second"},
    {"fault": "id_hex", "percent": 100, "target": "third"},
)
RARE_FAULTS = {
    "silent": 2,
    "submit_cut": 2,
    "answer_cut": 2,
    "bind_refused": 30,
    "enquire_link_ignored": 30,
    "throttled": 5,
    "queue_full": 5,
}
"""In percent, until they have struck so often: each slows a whole connection down."""
RARE_EVERY, RARE_MIN = 250, 2
"""How many messages there are to each strike."""
LONG_H = 200
"""Longer than any route waits for a receipt."""
KILL_EVERY, KILLS_MIN = 400, 3
"""How many messages there are to each kill."""
DEADLINE_S = 1_800.0
_DUE = "select count(*) from messaging_awaitedpart where due_at <= now()"


def run(*, messages: int, seed: int, folder: Path) -> Verdict:
    """Ends with the SMSC's journal held against the messages and the ledger."""
    random = Random(seed)
    enough = messages * SEGMENTS_MAX
    with Stack(folder, seed, (enough,) * FUNDED_COUNT + (max(messages // 20, 3),)) as stack:
        _switch_faults_on(stack, messages)
        sent = _send(stack, messages, random)
        stopped = _say_stop(stack, sent)
        _wait_until_handed_over(stack, random)
        _heal(stack)
        sent += _send_again(stack, stopped)
        doubted = _count(stack, "is_doubtful")
        _let_time_pass(stack)
        return compare(stack, sent, doubted=doubted)


def _switch_faults_on(stack: Stack, messages: int) -> None:
    for fault in FAULTS:
        stack.smsc.switch_on(**fault)
    for name, percent in RARE_FAULTS.items():
        stack.smsc.switch_on(name, percent=percent, count=max(messages // RARE_EVERY, RARE_MIN))


def _send(stack: Stack, messages: int, random: Random) -> list[Sent]:
    """By several organisations, in batches."""
    sent: list[Sent] = []
    numbers = list(range(messages))
    for start in range(0, messages, BATCH_SIZE):
        (customer,) = random.choices(stack.customers, weights=(4,) * FUNDED_COUNT + (1,))
        batch = [_message(number, random) for number in numbers[start : start + BATCH_SIZE]]
        results = stack.send(customer, batch, key=f"batch-{start}")
        sent += [_sent(customer, message, result) for message, result in zip(batch, results, strict=True)]
    return sent


def _message(number: int, random: Random) -> dict[str, str]:
    """Each to a phone of its own, so that the SMSC's journal tells them apart."""
    (text,) = random.choices(TEXTS, weights=(12, 2, 2, 1, 1))
    return {"to": f"{random.choice(PREFIXES)}{number:06}55", "from": SENDER, "body": text}


def _sent(customer: Customer, message: dict[str, str], result: dict[str, str]) -> Sent:
    return Sent(customer.organisation_id, message["to"], result.get("id", ""), result.get("code", ""))


def _say_stop(stack: Stack, sent: list[Sent]) -> list[Sent]:
    """By phones whose messages may still be on their way: these go, accepted as they are."""
    stopped = [one for one in sent if one.message_id][::OPTED_OUT_EVERY]
    for one in stopped:
        wish = {"from": one.phone, "to": SENDER, "text": "STOP", "system_id": "first"}
        assert stack.smsc.http.post("/inbound.json", json=wish).status_code == 200
    return stopped


def _send_again(stack: Stack, stopped: list[Sent]) -> list[Sent]:
    """To those who said STOP, once that was heard: nothing is accepted."""
    wait_until(lambda: _untold(stack, "/inbound.json") == 0, "every STOP was heard", deadline_s=DEADLINE_S)
    customers = {customer.organisation_id: customer for customer in stack.customers}
    again = []
    for one in stopped:
        customer, message = customers[one.organisation_id], {"to": one.phone, "from": SENDER, "body": TEXTS[0]}
        (result,) = stack.send(customer, [message], key=f"again-{one.phone}")
        again.append(_sent(customer, message, result))
    assert {one.refusal for one in again} == {"recipient_opted_out"}, again
    return again


def _wait_until_handed_over(stack: Stack, random: Random) -> None:
    """With the faults still on, and a worker killed whenever so many messages are left."""
    left = _count(stack, "is_open")
    killing_at = sorted(random.randrange(left + 1) for _ in range(max(left // KILL_EVERY, KILLS_MIN)))

    def is_over() -> bool:
        stack.let_dead_leases_run_out()
        left = _count(stack, "is_open")
        if killing_at and left <= killing_at[-1]:
            killing_at.pop()
            stack.kill_worker(random.randrange(WORKERS_COUNT))
        return not left and not killing_at

    wait_until(is_over, "every message was handed over or failed", deadline_s=DEADLINE_S)


def _heal(stack: Stack) -> None:
    """No fault any more; what the SMSC still has to tell comes."""
    assert stack.smsc.http.delete("/faults.json").status_code == 200
    wait_until(lambda: _untold(stack, "/receipts.json") == 0, "the SMSC had told everything", deadline_s=DEADLINE_S)


def _untold(stack: Stack, path: str) -> int:
    """How many of these deliveries nobody has confirmed yet."""
    after, count = 0, 0
    while rows := stack.smsc.get(path, after=str(after)):
        count += sum(row["answered_at"] is None for row in rows)
        after = rows[-1]["id"]
    return count


def _let_time_pass(stack: Stack) -> None:
    """First the carriers are asked about what they took and never reported; then every wait is over."""

    def is_all_told() -> bool:
        if _count(stack, f"status = {MessageStatus.SUBMITTED:d}") == 0:
            return True
        if stack.select(_DUE) == [(0,)]:  # all were looked at: they are due again
            stack.let_time_pass(0)
        return False

    wait_until(is_all_told, "the carriers had told what became of all they took", deadline_s=DEADLINE_S)
    stack.let_time_pass(LONG_H)
    wait_until(lambda: _count(stack, "finished_at is null") == 0, "every message had ended", deadline_s=DEADLINE_S)


def _count(stack: Stack, condition: str) -> int:
    ((count,),) = stack.select(f"select count(*) from messaging_message where {condition}")
    return int(count)
