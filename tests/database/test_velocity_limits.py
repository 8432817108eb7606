"""A flood to one destination is stopped at its limit, however many processes send; only what was accepted counts."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.test import override_settings

from khata.kernel.clock import utc_now
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.queries import balance
from khata.messaging.models import Message, Velocity
from khata.messaging.operations import (
    Acceptance,
    DestinationThrottled,
    SendRequest,
    accept_batch,
    send_batch,
    send_message,
)
from khata.tenancy.models import Organisation
from khata.tenancy.operations import allow_countries, change_sending_limits
from tests.conftest import World

GiveCredits = Callable[[int, int], None]
INDIA, NEPAL, NEPAL_TELECOM, SINGAPORE = "+919812345678", "+9779801234567", "+9779841234567", "+6581234567"
# The longer prefix is Ncell's.
RULES = ("*:5/100", "+977980:2/100")


@pytest.fixture(autouse=True)
def _rules() -> Iterator[None]:
    with override_settings(KHATA_VELOCITY_RULES=RULES):
        yield


@pytest.fixture
def funded(organisation: Organisation, give_credits: GiveCredits) -> int:
    return able(organisation.id, give_credits)


def able(organisation_id: int, give_credits: GiveCredits, credits: int = 1_000) -> int:
    give_credits(organisation_id, credits)
    allow_countries(organisation_id=organisation_id, regions=["NP", "SG"])
    return organisation_id


def ends(organisation_id: int, *recipients: str) -> list[str]:
    asked = [Acceptance(SendRequest(to, "Hello"), organisation_id) for to in recipients]
    return [type(answer).__name__ for answer in accept_batch(asked)]


def counts(organisation_id: int) -> dict[str, tuple[int, int]]:
    rows = Velocity.objects.filter(organisation_id=organisation_id)
    return {row.destination: (row.in_hour, row.in_day) for row in rows}


def test_one_batch_stops_at_the_hours_limit_and_other_countries_go_on(funded: int) -> None:
    assert Counter(ends(funded, *[NEPAL_TELECOM] * 7)) == {"Accepted": 5, "DestinationThrottled": 2}
    assert ends(funded, NEPAL_TELECOM, SINGAPORE, INDIA) == ["DestinationThrottled", "Accepted", "Accepted"]
    assert counts(funded) == {"NP": (5, 5), "SG": (1, 1)}


def test_many_processes_together_cannot_pass_the_limit(funded: int) -> None:
    def attempt(_: int) -> str:
        return with_pooled_connection(lambda: ends(funded, NEPAL_TELECOM)[0])

    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(attempt, range(20))) == {"Accepted": 5, "DestinationThrottled": 15}
    assert Message.objects.filter(organisation_id=funded).count() == 5


def test_a_longer_prefix_has_its_own_limit_and_counts_for_its_country_too(funded: int) -> None:
    assert ends(funded, NEPAL, NEPAL, NEPAL, NEPAL_TELECOM) == [
        "Accepted",
        "Accepted",
        "DestinationThrottled",
        "Accepted",
    ]
    assert counts(funded) == {"NP": (3, 3), "+977980": (2, 2)}


def test_a_refusal_says_where_how_many_and_when_again_and_costs_nothing(funded: int) -> None:
    ends(funded, *[SINGAPORE] * 5)
    before = balance(organisation_id=funded)
    with pytest.raises(DestinationThrottled, match="At most 5 messages in one hour go to Singapore") as refused:
        send_message(organisation_id=funded, request=SendRequest(SINGAPORE, "Hello"))
    facts = refused.value.extra
    assert 1 <= facts.pop("retry_after_s") <= 3_600
    assert facts == {"destination": "SG", "period": "hour", "most": 5}
    assert balance(organisation_id=funded) == before


def test_the_next_hour_begins_anew_and_what_is_usual_lifts_the_limit(funded: int) -> None:
    ends(funded, *[NEPAL_TELECOM] * 5)
    an_hour, a_day = timedelta(hours=1), timedelta(days=1)
    now = utc_now().replace(minute=0, second=0, microsecond=0)
    rows = Velocity.objects.filter(organisation_id=funded, destination="NP")
    rows.update(hour_at=now - an_hour)
    assert ends(funded, NEPAL_TELECOM) == ["Accepted"]
    rows.update(hour_at=now - a_day, day=(now - a_day).date(), in_day=60)
    # Twice the busiest day, a sixth of it in one hour.
    assert Counter(ends(funded, *[NEPAL_TELECOM] * 25)) == {"Accepted": 20, "DestinationThrottled": 5}


def test_nobodys_flood_stops_another_organisation(world: World, funded: int, give_credits: GiveCredits) -> None:
    chens = able(world.chens_organisation.id, give_credits)
    ends(funded, *[NEPAL_TELECOM] * 6)
    assert ends(chens, NEPAL_TELECOM) == ["Accepted"]


def test_what_limits_or_the_wallet_refuse_is_not_counted(world: World, give_credits: GiveCredits) -> None:
    asha, chens = world.organisation.id, able(world.chens_organisation.id, give_credits, credits=33)
    able(asha, give_credits)
    none = {"credits_per_day_max": None, "credits_per_month_max": None}
    change_sending_limits(organisation_id=asha, messages_per_minute_max=1, **none)
    assert ends(asha, NEPAL_TELECOM, NEPAL_TELECOM) == ["Accepted", "RateLimited"]
    assert ends(chens, *[NEPAL_TELECOM] * 3) == ["Accepted", "Accepted", "InsufficientCredits"]
    assert counts(asha) | counts(chens) == {"NP": (2, 2)}


def test_a_batch_that_is_all_or_nothing_is_refused_whole_and_uses_none_of_it(funded: int) -> None:
    with pytest.raises(DestinationThrottled):
        send_batch(organisation_id=funded, requests=[SendRequest(NEPAL_TELECOM, "Hello")] * 6, is_all_or_nothing=True)
    assert counts(funded) == {}


def test_home_has_no_limit_and_no_row_until_a_rule_names_it(funded: int) -> None:
    assert set(ends(funded, *[INDIA] * 7)) == {"Accepted"}
    assert counts(funded) == {}
    with override_settings(KHATA_VELOCITY_RULES=("IN:2/9",)):
        assert Counter(ends(funded, *[INDIA] * 7)) == {"Accepted": 2, "DestinationThrottled": 5}


def test_where_the_operator_sets_no_rule_nothing_is_counted(funded: int) -> None:
    with override_settings(KHATA_VELOCITY_RULES=("none",)):
        assert set(ends(funded, *[NEPAL_TELECOM] * 7)) == {"Accepted"}
    assert counts(funded) == {}
