"""From an event recorded to an answer written down: once for every endpoint that wants it, tried again until it is."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from standardwebhooks import Webhook

from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.transactions import in_transaction, with_pooled_connection
from khata.webhooks import queries
from khata.webhooks.core.retries import ATTEMPTS_MAX, FAILING_MAX, DeliveryState
from khata.webhooks.errors import WebhookEndpointDisabled
from khata.webhooks.models import Delivery, DeliveryAttempt, RecordedEvent, WebhookEndpoint
from khata.webhooks.operations import (
    Event,
    EventType,
    Outcome,
    change_endpoint,
    claim_deliveries,
    create_endpoint,
    drop_old_events,
    record_events,
    resend,
    rotate_secret,
    send_test_event,
    write_outcomes,
)
from khata.webhooks.operations.deliveries import KEPT_FOR
from khata.webhooks.operations.endpoints import lock_endpoint
from tests.cli.waiting import wait_until
from tests.conftest import World
from tests.database.webhooks.courier import carry, deliveries, endpoint_at, let_waits_pass, record
from tests.webhook_receiver import Receiver, status

WAITS_FOR_US = "select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"
AT = datetime(2026, 11, 22, 13, 48, 13, tzinfo=UTC)


@pytest.fixture
def mine(world: World) -> int:
    return world.organisation.id


def endpoint_of(organisation_id: int, endpoint_id: object) -> queries.EndpointRow:
    return next(row for row in queries.endpoints(organisation_id=organisation_id) if row.id == endpoint_id)


def test_an_event_arrives_signed_with_its_type_time_and_object(mine: int, receiver: Receiver) -> None:
    endpoint_id, secret = create_endpoint(organisation_id=mine, url=receiver.url, event_types=["top_up.paid"])
    with in_transaction() as connection:
        record_events(connection, [Event(mine, EventType.TOP_UP_PAID, AT, {"id": "top_1", "status": "paid"})])
    carry()
    (got,) = receiver.got
    assert got.path == "/hooks"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert Webhook(secret).verify(got.body, got.headers) == {
        "type": "top_up.paid",
        "timestamp": "2026-11-22T13:48:13Z",
        "data": {"id": "top_1", "status": "paid"},
    }
    (delivery,) = deliveries(mine, endpoint_id)
    assert got.headers["webhook-id"] == delivery.webhook_id
    assert (delivery.state, delivery.next_attempt_at) == (DeliveryState.DELIVERED, None)
    (attempt,) = delivery.attempts
    assert (attempt.number, attempt.status_code, attempt.error) == (1, 204, "")


def test_an_event_goes_only_where_its_type_is_wanted_and_only_to_its_organisation(
    world: World, mine: int, receiver: Receiver
) -> None:
    wants = endpoint_at(receiver.url, mine, types=["message.delivered"])
    wants_not = endpoint_at(receiver.url, mine, types=["message.failed"])
    strange = endpoint_at(receiver.url, world.chens_organisation.id)
    record(mine)
    record(mine, type=EventType.CREDITS_LOW)
    assert len(deliveries(mine, wants)) == 1
    assert deliveries(mine, wants_not) == []
    assert deliveries(world.chens_organisation.id, strange) == []
    assert RecordedEvent.objects.filter(organisation_id=mine).count() == 1


def test_what_is_rolled_back_was_never_recorded(mine: int, receiver: Receiver) -> None:
    endpoint_at(receiver.url, mine)
    with pytest.raises(ZeroDivisionError), in_transaction() as connection:
        record_events(connection, [Event(mine, EventType.MESSAGE_FAILED, AT, {"id": "msg_1"})])
        raise ZeroDivisionError
    assert not Delivery.objects.filter(organisation_id=mine).exists()


def test_of_an_object_too_large_only_the_id_goes(mine: int, receiver: Receiver) -> None:
    endpoint_at(receiver.url, mine)
    with in_transaction() as connection:
        data = {"id": "msg_1", "body": "€" * 7_000}
        record_events(connection, [Event(mine, EventType.MESSAGE_FAILED, AT, data)])
    carry()
    (got,) = receiver.got
    assert len(got.body) < 20_000
    assert json.loads(got.body)["data"] == {"id": "msg_1"}


def test_a_failed_attempt_is_made_again_with_the_same_id_and_body_until_one_succeeds(
    mine: int, receiver: Receiver
) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    receiver.behaviour = status(500, b"<h1>Sorry\0</h1>")
    carry()
    (delivery,) = deliveries(mine, endpoint_id)
    assert delivery.state is DeliveryState.PENDING
    assert delivery.next_attempt_at is not None
    assert utc_now() < delivery.next_attempt_at < utc_now() + timedelta(seconds=6)
    assert endpoint_of(mine, endpoint_id).failing_since is not None
    receiver.behaviour = status(200)
    let_waits_pass(endpoint_id)
    carry()
    first, second = receiver.got
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    (delivery,) = deliveries(mine, endpoint_id)
    assert [(a.number, a.status_code, a.answer) for a in delivery.attempts] == [
        (1, 500, "<h1>Sorry\N{REPLACEMENT CHARACTER}</h1>"),
        (2, 200, ""),
    ]
    assert delivery.state is DeliveryState.DELIVERED
    assert endpoint_of(mine, endpoint_id).failing_since is None


def test_after_ten_attempts_it_is_given_up(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    receiver.behaviour = status(503)
    for _ in range(ATTEMPTS_MAX + 1):
        carry()
        let_waits_pass(endpoint_id)
    assert len(receiver.got) == ATTEMPTS_MAX
    (delivery,) = deliveries(mine, endpoint_id)
    assert (delivery.state, len(delivery.attempts)) == (DeliveryState.FAILED, ATTEMPTS_MAX)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(mine: int, receiver: Receiver, code: int) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    receiver.behaviour = status(code, Location=f"http://127.0.0.1:{receiver.port}/elsewhere")
    carry()
    assert [got.path for got in receiver.got] == ["/hooks"]
    assert deliveries(mine, endpoint_id)[0].attempts[0].status_code == code
    assert deliveries(mine, endpoint_id)[0].state is DeliveryState.PENDING


def test_410_disables_the_endpoint_and_ends_all_that_is_under_way(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    receiver.behaviour = status(500)
    carry()
    record(mine)
    receiver.behaviour = status(410)
    carry()
    assert {delivery.state for delivery in deliveries(mine, endpoint_id)} == {DeliveryState.FAILED}
    assert endpoint_of(mine, endpoint_id).disabled_reason == "gone"
    record(mine)
    assert len(deliveries(mine, endpoint_id)) == 2


def test_an_endpoint_that_does_nothing_but_fail_for_days_is_disabled(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    receiver.behaviour = status(500)
    record(mine)
    carry()
    since = WebhookEndpoint.objects.filter(id=endpoint_id)
    since.update(failing_since=utc_now() - FAILING_MAX + timedelta(minutes=1))
    let_waits_pass(endpoint_id)
    carry()
    assert endpoint_of(mine, endpoint_id).disabled_at is None
    since.update(failing_since=utc_now() - FAILING_MAX)
    let_waits_pass(endpoint_id)
    carry()
    assert endpoint_of(mine, endpoint_id).disabled_reason == "failing"
    change_endpoint(organisation_id=mine, endpoint_id=endpoint_id, is_enabled=True)
    row = endpoint_of(mine, endpoint_id)
    assert (row.disabled_at, row.disabled_reason, row.failing_since) == (None, "", None)


def test_a_success_after_days_of_failure_keeps_the_endpoint(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    WebhookEndpoint.objects.filter(id=endpoint_id).update(failing_since=utc_now() - 2 * FAILING_MAX)
    record(mine)
    carry()
    row = endpoint_of(mine, endpoint_id)
    assert (row.disabled_at, row.failing_since) == (None, None)


def test_what_a_dead_worker_claimed_is_delivered_by_another_with_the_same_id(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    (claimed,) = [c for c in claim_deliveries(busy={}, limit=1_000) if c.endpoint_id == endpoint_id]
    assert not [c for c in claim_deliveries(busy={}, limit=1_000) if c.endpoint_id == endpoint_id]
    let_waits_pass(endpoint_id)
    carry()
    (got,) = receiver.got
    (delivery,) = deliveries(mine, endpoint_id)
    assert claimed.event_id == delivery.event_id
    assert got.headers["webhook-id"] == delivery.webhook_id
    assert [attempt.number for attempt in delivery.attempts] == [2]


def test_what_is_known_too_late_is_not_written(mine: int, receiver: Receiver) -> None:
    """A worker that was slower than its lease: another one has claimed the delivery, and its outcome counts."""
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    (slow,) = [c for c in claim_deliveries(busy={}, limit=1_000) if c.endpoint_id == endpoint_id]
    let_waits_pass(endpoint_id)
    (quick,) = [c for c in claim_deliveries(busy={}, limit=1_000) if c.endpoint_id == endpoint_id]
    write_outcomes([Outcome(slow, utc_now(), 1, 500)])
    assert deliveries(mine, endpoint_id)[0].attempts == ()
    write_outcomes([Outcome(quick, utc_now(), 1, 200)])
    write_outcomes([Outcome(quick, utc_now(), 1, 500)])
    (delivery,) = deliveries(mine, endpoint_id)
    assert [(attempt.number, attempt.status_code) for attempt in delivery.attempts] == [(2, 200)]
    assert endpoint_of(mine, endpoint_id).failing_since is None


def test_outcomes_wait_for_whoever_is_disabling_the_endpoint_and_hold_nothing_meanwhile(
    mine: int, receiver: Receiver
) -> None:
    """Both lock the endpoint first and its deliveries then: in another order each would wait for the other."""
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    (claimed,) = [c for c in claim_deliveries(busy={}, limit=1_000) if c.endpoint_id == endpoint_id]
    write = partial(write_outcomes, [Outcome(claimed, utc_now(), 1, 500)])
    with ThreadPoolExecutor(1) as worker:
        with in_transaction() as connection:
            lock_endpoint(mine, endpoint_id)
            writing = worker.submit(with_pooled_connection, write)
            wait_until(lambda: connection.execute(WAITS_FOR_US).fetchone() is not None, "the outcome waits")
            change_endpoint(organisation_id=mine, endpoint_id=endpoint_id, is_enabled=False)
        writing.result()
    (delivery,) = deliveries(mine, endpoint_id)
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, ())
    assert endpoint_of(mine, endpoint_id).disabled_reason == "switched_off"


@pytest.mark.parametrize("is_disabled", [False, True], ids=["outcomes", "disabling"])
def test_whoever_ends_several_deliveries_locks_them_in_the_order_of_their_ids(
    mine: int, receiver: Receiver, is_disabled: bool
) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine, count=2)
    first, last = sorted(c for c in claim_deliveries(busy={}, limit=1_000) if c.endpoint_id == endpoint_id)
    # The first one is now behind the last one in the table and in the index of what is due.
    Delivery.objects.filter(id=first.id).update(due_at=utc_now() + timedelta(hours=1))
    disable = partial(change_endpoint, organisation_id=mine, endpoint_id=endpoint_id, is_enabled=False)
    write = partial(write_outcomes, [Outcome(each, utc_now(), 1, 200) for each in (last, first)])
    end: Callable[[], None] = disable if is_disabled else write
    with ThreadPoolExecutor(1) as worker:
        with in_transaction() as connection:
            Delivery.objects.select_for_update().get(id=last.id)
            ending = worker.submit(with_pooled_connection, end)
            wait_until(lambda: connection.execute(WAITS_FOR_US).fetchone() is not None, "the last one is waited for")
            assert not Delivery.objects.select_for_update(skip_locked=True).filter(id=first.id).exists()
        ending.result()
    assert {delivery.next_attempt_at for delivery in deliveries(mine, endpoint_id)} == {None}


def test_while_a_secret_is_changed_both_secrets_verify_what_comes(mine: int, receiver: Receiver) -> None:
    endpoint_id, former = create_endpoint(organisation_id=mine, url=receiver.url, event_types=["credits.low"])
    secret = rotate_secret(organisation_id=mine, endpoint_id=endpoint_id)
    assert secret != former
    record(mine, type=EventType.CREDITS_LOW)
    carry()
    for each in (former, secret):
        assert Webhook(each).verify(receiver.got[0].body, receiver.got[0].headers)
    WebhookEndpoint.objects.filter(id=endpoint_id).update(former_until=utc_now())
    record(mine, type=EventType.CREDITS_LOW)
    carry()
    assert Webhook(secret).verify(receiver.got[1].body, receiver.got[1].headers)
    assert receiver.got[1].headers["webhook-signature"].count("v1,") == 1


def test_a_database_says_nothing_of_a_secret(mine: int, receiver: Receiver) -> None:
    endpoint_id, secret = create_endpoint(organisation_id=mine, url=receiver.url, event_types=["credits.low"])
    row = WebhookEndpoint.objects.filter(id=endpoint_id).values().get()
    assert secret not in str(row)
    assert Webhook(secret)._whsecret not in {bytes(row["salt"])}


def test_a_test_event_goes_to_its_endpoint_whatever_that_wants(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine, types=["credits.low"])
    other_id = endpoint_at(receiver.url, mine)
    delivery_id = send_test_event(organisation_id=mine, endpoint_id=endpoint_id)
    carry()
    assert [json.loads(got.body)["type"] for got in receiver.got] == ["webhook.test"]
    assert [delivery.id for delivery in deliveries(mine, endpoint_id)] == [delivery_id]
    assert deliveries(mine, other_id) == []


def test_an_event_can_be_sent_again_with_its_id(world: World, mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    carry()
    (first,) = deliveries(mine, endpoint_id)
    resend(organisation_id=mine, delivery_id=first.id)
    carry()
    assert [got.headers["webhook-id"] for got in receiver.got] == [first.webhook_id] * 2
    assert len(deliveries(mine, endpoint_id)) == 2
    with pytest.raises(NotFound):
        resend(organisation_id=world.chens_organisation.id, delivery_id=first.id)


def test_nothing_is_sent_to_a_disabled_endpoint(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine)
    change_endpoint(organisation_id=mine, endpoint_id=endpoint_id, is_enabled=False)
    carry()
    assert receiver.got == []
    (delivery,) = deliveries(mine, endpoint_id)
    with pytest.raises(WebhookEndpointDisabled):
        resend(organisation_id=mine, delivery_id=delivery.id)
    with pytest.raises(WebhookEndpointDisabled):
        send_test_event(organisation_id=mine, endpoint_id=endpoint_id)


def test_old_events_go_with_their_deliveries_and_attempts_and_young_ones_stay(mine: int, receiver: Receiver) -> None:
    endpoint_id = endpoint_at(receiver.url, mine)
    record(mine, count=2)
    carry()
    old, young = deliveries(mine, endpoint_id)
    RecordedEvent.objects.filter(id=old.event_id).update(recorded_at=utc_now() - KEPT_FOR - timedelta(hours=1))
    while drop_old_events():
        continue
    assert [row.id for row in deliveries(mine, endpoint_id)] == [young.id]
    assert not DeliveryAttempt.objects.filter(delivery_id=old.id).exists()
    assert DeliveryAttempt.objects.filter(delivery_id=young.id).exists()
