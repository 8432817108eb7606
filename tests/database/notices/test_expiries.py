"""Notices before credits expire: 30, 7 and 1 days, once each."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail

from khata.billing.operations import subscribe
from khata.kernel.clock import utc_now
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.models import Lot
from khata.ledger.standings import ExpiringLot
from khata.notices.core.kinds import NoticeKind
from khata.notices.models import Notice
from khata.notices.operations import announce_expiries, change_alert_settings, expiries
from khata.tenancy.models import Organisation
from tests.database.notices import jobs
from tests.database.notices.purse import Purse
from tests.plans import offered


def marks(purse: Purse) -> list[int | None]:
    """Of the notices made, oldest first."""
    rows = Notice.objects.filter(organisation_id=purse.organisation_id, kind=NoticeKind.EXPIRY.value).order_by("id")
    return list(rows.values_list("mark_days", flat=True))


def announce_with_days_left(days_left: float, monkeypatch: pytest.MonkeyPatch, *, of_days: int) -> int:
    """As if the clock stood `days_left` before the expiry of a lot made just now for `of_days`."""
    later = utc_now() + timedelta(days=of_days) - timedelta(days=days_left)
    with monkeypatch.context() as clock:
        clock.setattr(expiries, "utc_now", lambda: later)
        return announce_expiries()


def test_each_mark_is_told_once(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    purse.give(1_200, expires_at=utc_now() + timedelta(days=40))
    for days_left in (35, 29.9, 29, 8, 6.9, 6, 2, 0.9, 0.5):
        announce_with_days_left(days_left, monkeypatch, of_days=40)
    assert marks(purse) == [30, 7, 1]


def test_marks_already_past_when_the_lot_was_made_are_skipped(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    purse.give(1_200, expires_at=utc_now() + timedelta(days=5))
    announce_expiries()
    assert marks(purse) == []
    announce_with_days_left(0.9, monkeypatch, of_days=5)
    assert marks(purse) == [1]


def test_a_lot_with_nothing_left_is_not_announced(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    purse.give(10, expires_at=utc_now() + timedelta(days=40))
    purse.use(10)
    announce_with_days_left(6, monkeypatch, of_days=40)
    assert marks(purse) == []


def test_credits_without_a_date_are_not_announced(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    purse.add(1_000)
    announce_with_days_left(1, monkeypatch, of_days=40)
    assert marks(purse) == []


def test_each_lot_is_told_of_for_itself(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    for credits in (100, 200):
        purse.give(credits, expires_at=utc_now() + timedelta(days=40))
    monkeypatch.setattr(expiries, "PAGE", 1)
    announce_with_days_left(6, monkeypatch, of_days=40)
    assert marks(purse) == [7, 7]


def test_a_plans_included_credits_are_not_announced_month_by_month(
    purse: Purse, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = offered("Free", fee_minor=0, included=100, per_rupee=5)
    subscribe(organisation_id=organisation.id, plan_code=free.code, idempotency_key="x")
    announce_with_days_left(0.9, monkeypatch, of_days=28)
    assert marks(purse) == []
    purse.give(50, expires_at=utc_now() + timedelta(days=28))
    announce_with_days_left(0.9, monkeypatch, of_days=28)
    assert marks(purse) == [1], "a bonus beside them is"


def test_two_workers_at_once_tell_once(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    purse.give(1_200, expires_at=utc_now() + timedelta(days=40))
    barrier = Barrier(2)
    later = utc_now() + timedelta(days=34)
    monkeypatch.setattr(expiries, "utc_now", lambda: later)
    unguarded = expiries._told

    def told_together(lots: list[ExpiringLot]) -> expiries._Told:
        """Both have read that nobody was told before either tells."""
        known = unguarded(lots)
        barrier.wait(timeout=30)
        return known

    monkeypatch.setattr(expiries, "_told", told_together)
    with ThreadPoolExecutor(2) as workers:
        for each in [workers.submit(with_pooled_connection, announce_expiries) for _ in range(2)]:
            each.result()
    assert marks(purse) == [7]
    assert len(jobs.waiting(purse.organisation_id)) == 1


def test_the_switch_for_low_credits_does_not_silence_an_expiry(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    change_alert_settings(organisation_id=purse.organisation_id, is_enabled=False, level_credits_micro=None, emails=[])
    purse.give(1_200, expires_at=utc_now() + timedelta(days=40))
    announce_with_days_left(6, monkeypatch, of_days=40)
    assert marks(purse) == [7]


def test_the_mail_names_credits_and_day(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    purse.give(1_200, expires_at=utc_now() + timedelta(days=40))
    purse.use(100)
    announce_with_days_left(6, monkeypatch, of_days=40)
    mail.outbox.clear()
    jobs.send(purse.organisation_id)
    (letter,) = mail.outbox
    expires_at = Lot.objects.get(organisation_id=purse.organisation_id).expires_at
    assert expires_at is not None
    assert letter.subject.startswith("1,100 credits expire on ")
    assert f"{expires_at:%Y}" in letter.subject
    assert "1,100 credits of ACME expire on" in str(letter.body)
