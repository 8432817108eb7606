"""Rate limits and caps hold under races, count only what was accepted, and bind whoever sends."""

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from khata.kernel.errors import InvalidRequest
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import InsufficientCredits
from khata.ledger.queries import balance
from khata.messaging.models import Allowance, Message
from khata.messaging.operations import (
    Acceptance,
    Accepted,
    RateLimited,
    SendRequest,
    SpendCapReached,
    accept_batch,
    send_batch,
    send_message,
)
from khata.tenancy.models import Organisation
from khata.tenancy.operations import api_key_digest, change_sending_limits, create_api_key, revoke_api_key

GiveCredits = Callable[[int, int], None]
CREDIT = 1_000_000
REQUEST = SendRequest("+919812345678", "Hello")


@pytest.fixture
def funded(organisation: Organisation, give_credits: GiveCredits) -> int:
    give_credits(organisation.id, 100)
    return organisation.id


def limit(organisation_id: int, **limits: int) -> None:
    none: dict[str, Any] = {"messages_per_minute_max": None, "credits_per_day_max": None, "credits_per_month_max": None}
    change_sending_limits(organisation_id=organisation_id, **{**none, **limits})


def ends(acceptances: list[Acceptance]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in accept_batch(acceptances))


def test_one_batch_cannot_pass_the_rate(funded: int) -> None:
    limit(funded, messages_per_minute_max=3)
    assert ends([Acceptance(REQUEST, funded)] * 5) == {"Accepted": 3, "RateLimited": 2}
    assert Message.objects.filter(organisation_id=funded).count() == 3


def test_many_processes_together_cannot_pass_the_rate(funded: int) -> None:
    limit(funded, messages_per_minute_max=7)

    def attempt(_: int) -> str:
        def run() -> str:
            (answer,) = accept_batch([Acceptance(REQUEST, funded)])
            return type(answer).__name__

        return with_pooled_connection(run)

    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(attempt, range(24))) == {"Accepted": 7, "RateLimited": 17}


def test_a_refusal_says_how_long_to_wait_and_costs_nothing(funded: int) -> None:
    limit(funded, messages_per_minute_max=1)
    send_message(organisation_id=funded, request=REQUEST)
    before = balance(organisation_id=funded)
    with pytest.raises(RateLimited) as refused:
        send_message(organisation_id=funded, request=REQUEST)
    assert 1 <= refused.value.extra["retry_after_s"] <= 60
    assert balance(organisation_id=funded) == before


def test_a_keys_own_rate_leaves_the_organisations_other_keys_alone(funded: int) -> None:
    slow, fast = (
        create_api_key(organisation_id=funded, name="k", created_by=None, mode="test", messages_per_minute_max=rate)[1]
        for rate in (1, None)
    )
    asked = [Acceptance(REQUEST, api_key_digest=api_key_digest(key)) for key in (slow, slow, fast, fast)]
    assert [type(answer) for answer in accept_batch(asked)] == [Accepted, RateLimited, Accepted, Accepted]


def test_a_keys_rate_binds_its_batches_too(funded: int) -> None:
    key_id, _ = create_api_key(
        organisation_id=funded, name="k", created_by=None, mode="test", messages_per_minute_max=2
    )
    batch = send_batch(organisation_id=funded, requests=[REQUEST] * 3, is_all_or_nothing=False, api_key_id=key_id)
    assert batch.accepted_count == 2
    with pytest.raises(RateLimited):
        send_batch(organisation_id=funded, requests=[REQUEST] * 3, is_all_or_nothing=False, api_key_id=key_id)


def test_all_or_nothing_beyond_the_rate_is_refused_whole_and_uses_none_of_it(funded: int) -> None:
    limit(funded, messages_per_minute_max=2)
    with pytest.raises(RateLimited):
        send_batch(organisation_id=funded, requests=[REQUEST] * 3, is_all_or_nothing=True)
    assert ends([Acceptance(REQUEST, funded)] * 2) == {"Accepted": 2}


def test_a_cap_stops_at_its_last_credit(funded: int) -> None:
    limit(funded, credits_per_day_max=4 * CREDIT)
    long = SendRequest("+919812345678", "x" * 400)
    assert [type(a) for a in accept_batch([Acceptance(r, funded) for r in (long, long, REQUEST, REQUEST)])] == [
        Accepted, SpendCapReached, Accepted, SpendCapReached,
    ]  # fmt: skip


def test_the_monthly_cap_holds_where_the_daily_one_would_not(funded: int) -> None:
    limit(funded, credits_per_day_max=50 * CREDIT, credits_per_month_max=2 * CREDIT)
    (*_, last) = accept_batch([Acceptance(REQUEST, funded)] * 3)
    assert isinstance(last, SpendCapReached)
    assert last.extra == {"period": "month", "cap": "2", "used": "2"}


def test_what_the_wallet_refuses_is_not_counted(organisation: Organisation, give_credits: GiveCredits) -> None:
    give_credits(organisation.id, 1)
    limit(organisation.id, messages_per_minute_max=5, credits_per_day_max=5 * CREDIT)
    assert ends([Acceptance(REQUEST, organisation.id)] * 3) == {"Accepted": 1, InsufficientCredits.__name__: 2}
    kept = Allowance.objects.get(organisation_id=organisation.id)
    assert (kept.messages_micro // CREDIT, kept.credits_today) == (4, CREDIT)


def test_an_organisation_without_limits_keeps_no_row(funded: int) -> None:
    send_message(organisation_id=funded, request=REQUEST)
    assert not Allowance.objects.filter(organisation_id=funded).exists()


def test_a_repeat_of_an_answered_key_is_not_limited(funded: int) -> None:
    limit(funded, messages_per_minute_max=1)
    asked = Acceptance(REQUEST, funded, idempotency_key=uuid.uuid4().hex)
    assert ends([asked]) == {"Accepted": 1}
    assert ends([asked]) == {"Accepted": 1}


def test_a_revoked_key_is_told_so_and_not_that_it_is_slow(funded: int) -> None:
    key_id, key = create_api_key(
        organisation_id=funded, name="k", created_by=None, mode="test", messages_per_minute_max=1
    )
    revoke_api_key(organisation_id=funded, api_key_id=key_id)
    assert ends([Acceptance(REQUEST, api_key_digest=api_key_digest(key))] * 2) == {"InvalidApiKey": 2}


@pytest.mark.parametrize(
    "limits", [{"messages_per_minute_max": 0}, {"credits_per_day_max": -1}, {"credits_per_month_max": 10**16}]
)
def test_limits_that_make_no_sense_are_refused(funded: int, limits: dict[str, int]) -> None:
    with pytest.raises(InvalidRequest):
        limit(funded, **limits)
