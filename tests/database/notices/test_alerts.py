"""Alerts as rows, jobs and mails: once each, whoever looks and whatever dies between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection

from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.transactions import in_transaction, with_pooled_connection
from khata.ledger.operations import freeze_wallet
from khata.notices import queries
from khata.notices.core.kinds import NoticeKind
from khata.notices.models import AlertState, Notice
from khata.notices.operations import alerts, change_alert_settings, mails, raise_alerts, send_notice
from khata.notices.queries import AlertSettingsRow
from khata.notices.rows import lock_states
from tests.conftest import World
from tests.database.notices import jobs
from tests.database.notices.purse import Purse

LOW, EMPTY = NoticeKind.LOW, NoticeKind.EMPTY


def told(purse: Purse) -> list[NoticeKind]:
    """Oldest first."""
    rows = queries.notices(organisation_id=purse.organisation_id).rows
    return [row.kind for row in reversed(rows)]


def fall_low(purse: Purse) -> None:
    """From 5,000 credits to 499, each seen."""
    purse.add(5_000)
    raise_alerts()
    purse.use(4_501)


def letters(purse: Purse) -> list[mail.EmailMessage]:
    mail.outbox.clear()
    jobs.send(purse.organisation_id)
    return list(mail.outbox)


def test_a_new_organisation_is_told_nothing_about_having_no_credits(purse: Purse) -> None:
    raise_alerts()
    assert told(purse) == []


def test_credits_that_fall_low_are_told_once(purse: Purse) -> None:
    fall_low(purse)
    for _ in range(3):
        raise_alerts()
        purse.use(1)
    assert told(purse) == [LOW]


def test_low_then_empty_then_a_top_up_then_low_again_are_four_looks_and_three_notices(purse: Purse) -> None:
    fall_low(purse)
    raise_alerts()
    purse.use(499)
    raise_alerts()
    purse.add(5_000)
    raise_alerts()
    assert told(purse) == [LOW, EMPTY]
    purse.use(4_900)
    raise_alerts()
    assert told(purse) == [LOW, EMPTY, LOW]


def test_credits_that_come_back_from_messages_do_not_make_an_alert_ring_again(purse: Purse) -> None:
    purse.add(5_000)
    purse.use(4_999)
    raise_alerts()
    for _ in range(3):
        message_id = purse.reserve(1)
        raise_alerts()
        purse.return_all(message_id)
        raise_alerts()
    assert told(purse) == [LOW, EMPTY]


def test_a_top_up_used_up_between_two_looks_is_told(purse: Purse) -> None:
    purse.add(5_000)
    purse.use(5_000)
    raise_alerts()
    assert told(purse) == [EMPTY]


def test_a_wallet_first_looked_at_after_its_fall_is_told_nothing(world: World) -> None:
    purse = Purse(world.organisation.id)
    purse.add(5_000)
    purse.use(5_000)
    raise_alerts()
    assert told(purse) == []


def test_a_wallet_that_did_not_change_is_not_looked_at(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    purse.add(5_000)
    raise_alerts()
    looked: list[int] = []

    def note(organisation_ids: list[int]) -> int:
        looked.extend(organisation_ids)
        return 0

    monkeypatch.setattr(alerts, "_look_at", note)
    raise_alerts()
    assert purse.organisation_id not in looked
    purse.use(1)
    raise_alerts()
    assert purse.organisation_id in looked


def test_small_pages_see_every_wallet(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "PAGE", 1)
    raise_alerts()
    purses = [Purse(world.organisation.id), Purse(world.chens_organisation.id)]
    for purse in purses:
        fall_low(purse)
    raise_alerts()
    assert [told(purse) for purse in purses] == [[LOW], [LOW]]


def test_two_workers_at_once_send_one_mail(purse: Purse) -> None:
    fall_low(purse)
    barrier = Barrier(2)

    def worker() -> int:
        barrier.wait(timeout=30)
        return raise_alerts()

    with ThreadPoolExecutor(2) as workers:
        counts = [each.result() for each in [workers.submit(with_pooled_connection, worker) for _ in range(2)]]
    assert sum(counts) >= 1
    assert told(purse) == [LOW]
    assert len(letters(purse)) == 1


def test_a_wallet_another_worker_is_at_is_left_to_it(purse: Purse) -> None:
    fall_low(purse)

    def other_worker() -> int:
        return with_pooled_connection(raise_alerts)

    with in_transaction(), ThreadPoolExecutor(1) as workers:
        lock_states([purse.organisation_id])
        workers.submit(other_worker).result()
        assert told(purse) == []
    raise_alerts()
    assert told(purse) == [LOW]


def test_a_crash_after_the_notice_leaves_neither_notice_nor_state(
    purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    fall_low(purse)

    def die(*_: object) -> None:
        raise ConnectionError("the worker died")

    with monkeypatch.context() as broken:
        broken.setattr(mails, "send_notice_later", die)
        with pytest.raises(ConnectionError):
            raise_alerts()
    assert told(purse) == []
    raise_alerts()
    assert told(purse) == [LOW]
    assert len(letters(purse)) == 1


def test_a_mail_the_server_does_not_take_waits_and_goes_once(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    fall_low(purse)
    raise_alerts()
    (notice_id,) = jobs.waiting(purse.organisation_id)

    def refuse(self: mail.EmailMessage, fail_silently: bool = False) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as away:
        away.setattr(mail.EmailMessage, "send", refuse)
        with pytest.raises(ConnectionRefusedError):
            send_notice(notice_id=notice_id)
    assert Notice.objects.get(id=notice_id).sent_at is None
    assert len(letters(purse)) == 1
    mail.outbox.clear()
    send_notice(notice_id=notice_id)
    assert mail.outbox == []


def test_the_low_mail_says_how_much_how_long_and_leads_to_a_top_up(purse: Purse, world: World) -> None:
    fall_low(purse)
    raise_alerts()
    (letter,) = letters(purse)
    assert letter.to == [world.asha.email]
    assert letter.subject == "Credits low: 499 credits left, less than a day"
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    text = str(letter.body)
    assert "ACME has 499 credits left." in text
    assert "At 0 sending stops" in text
    assert "Top up ₹1,000 for 5,000 credits:" in text
    assert f"{settings.ENVIRONMENT.base_url}/billing/one-tap/?link=" in text
    assert f"{settings.ENVIRONMENT.base_url}/billing/alerts/" in text
    assert "This mail cost no credits." in text


def test_the_empty_mail_says_when_sending_stopped_in_the_organisations_own_time(purse: Purse) -> None:
    purse.add(100)
    purse.use(100)
    raise_alerts()
    with connection.cursor() as cursor:
        cursor.execute(
            "select min(at) from ledger_transfer where organisation_id = %s and available_after = 0",
            [purse.organisation_id],
        )
        ((stopped_at,),) = cursor.fetchall()
    local = f"{stopped_at.astimezone(ZoneInfo('Asia/Kolkata')):%H:%M}"
    (letter,) = letters(purse)
    assert letter.subject == f"Sending stopped at {local}: no credits left"
    assert f"Sending stopped at {local} on " in str(letter.body)
    assert "Asia/Kolkata" in str(letter.body)


def test_alerts_cost_no_credits(purse: Purse) -> None:
    fall_low(purse)
    raise_alerts()
    assert len(letters(purse)) == 1
    assert queries.outlook(organisation_id=purse.organisation_id).available == 499 * MICRO_PER_CREDIT


def test_whom_the_owner_named_is_told_too_and_nobody_twice(purse: Purse, world: World) -> None:
    emails = ["Accounts@Example.com", " ", world.asha.email, "accounts@example.com"]
    change_alert_settings(
        organisation_id=purse.organisation_id, is_enabled=True, level_credits_micro=None, emails=emails
    )
    fall_low(purse)
    raise_alerts()
    (letter,) = letters(purse)
    assert letter.to == [world.asha.email, "accounts@example.com"]


def test_an_organisation_without_anybody_has_a_notice_and_no_mail(purse: Purse, world: World) -> None:
    world.organisation.memberships.all().delete()
    fall_low(purse)
    raise_alerts()
    assert told(purse) == [LOW]
    assert jobs.waiting(purse.organisation_id) == []


def test_alerts_switched_off_are_not_made_up_for_later(purse: Purse) -> None:
    _choose(purse, is_enabled=False)
    fall_low(purse)
    raise_alerts()
    _choose(purse, is_enabled=True)
    raise_alerts()
    purse.use(1)
    raise_alerts()
    assert told(purse) == []


def test_a_level_of_the_owners_counts_instead_of_the_automatic_one(purse: Purse) -> None:
    _choose(purse, level=4_000)
    purse.add(5_000)
    raise_alerts()
    purse.use(1_001)
    raise_alerts()
    assert told(purse) == [LOW]


def test_a_level_chosen_above_the_balance_rings_only_at_the_next_fall(purse: Purse) -> None:
    purse.add(5_000)
    raise_alerts()
    _choose(purse, level=6_000)
    purse.use(1)
    raise_alerts()
    assert told(purse) == []
    purse.add(5_000)
    raise_alerts()
    purse.use(4_500)
    raise_alerts()
    assert told(purse) == [LOW]


def test_a_level_chosen_at_the_balance_rings_at_the_next_message(purse: Purse) -> None:
    purse.add(5_000)
    _choose(purse, level=5_000)
    purse.use(1)
    raise_alerts()
    assert told(purse) == [LOW]


def test_a_level_chosen_before_the_first_look_is_kept(world: World) -> None:
    purse = Purse(world.organisation.id)
    purse.add(5_000)
    _choose(purse, level=5_000)
    purse.use(1)
    raise_alerts()
    assert told(purse) == [LOW]


def test_a_frozen_wallet_is_watched_like_any_other(purse: Purse) -> None:
    fall_low(purse)
    freeze_wallet(purse.organisation_id)
    raise_alerts()
    assert told(purse) == [LOW]


def test_when_an_alert_rang_is_kept(purse: Purse) -> None:
    fall_low(purse)
    raise_alerts()
    state = AlertState.objects.get(organisation_id=purse.organisation_id)
    assert isinstance(state.low_fired_at, datetime)
    assert (state.is_low_armed, state.is_empty_armed, state.empty_fired_at) == (False, True, None)


def test_notices_of_another_organisation_are_not_shown(purse: Purse, world: World) -> None:
    fall_low(purse)
    raise_alerts()
    assert queries.notices(organisation_id=world.chens_organisation.id).rows == []


def test_notices_are_read_page_by_page_and_by_kind(purse: Purse) -> None:
    fall_low(purse)
    raise_alerts()
    purse.use(499)
    raise_alerts()
    first = queries.notices(organisation_id=purse.organisation_id, limit=1)
    assert [row.kind for row in first.rows] == [EMPTY]
    assert first.next_cursor is not None
    second = queries.notices(organisation_id=purse.organisation_id, limit=1, before_id=first.rows[0].id)
    assert ([row.kind for row in second.rows], second.next_cursor) == ([LOW], None)
    only_low = queries.notices(organisation_id=purse.organisation_id, kind=LOW)
    assert [row.kind for row in only_low.rows] == [LOW]


def test_without_a_choice_the_defaults_hold(world: World) -> None:
    assert queries.alert_settings(organisation_id=world.organisation.id) == AlertSettingsRow(True, None, ())


def _choose(purse: Purse, *, is_enabled: bool = True, level: int | None = None) -> None:
    level_micro = None if level is None else level * MICRO_PER_CREDIT
    change_alert_settings(
        organisation_id=purse.organisation_id, is_enabled=is_enabled, level_credits_micro=level_micro, emails=[]
    )
