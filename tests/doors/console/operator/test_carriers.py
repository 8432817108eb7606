"""The operator's page of carriers and routes: what workers see, what waits, and each policy in words."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.test import Client

from khata.cli.check import carriers as check
from khata.console.operator.route_words import policy_sentences, takes_sentence
from khata.kernel.clock import utc_now
from khata.messaging.core.routes import ChargeOn, Policy
from khata.messaging.models import CarrierReading
from khata.messaging.operations import Reading, SendRequest, send_message, write_readings
from khata.tenancy.models import Organisation
from tests.doors.console.reading import main_text
from tests.leases import LONG_AGO
from tests.routes import route_of, routes_in

BOUND = Reading("smpp", True, False, 100, 7, 1_200, "bound", "", None)
AWAY = Reading("smpp", False, False, 100, 0, 0, "cannot bind: refused", "not bound", utc_now())


@pytest.fixture(autouse=True)
def _no_workers() -> Iterator[None]:
    CarrierReading.objects.all().delete()
    yield
    CarrierReading.objects.all().delete()


def page(operator: Client) -> str:
    return main_text(operator.get("/operator/carriers/"))


def test_workers_are_added_up(operator: Client) -> None:
    write_readings([BOUND], token=1)
    assert "Bound" in page(operator)
    write_readings([BOUND], token=2)
    text = page(operator)
    assert "14 of 200" in text
    assert "2,400" in text
    assert "by 2 of 2 workers" in text


def test_a_carrier_that_is_not_bound_says_why(operator: Client) -> None:
    write_readings([AWAY], token=1)
    text = page(operator)
    assert "Not bound" in text
    assert "cannot bind: refused" in text
    write_readings([BOUND], token=2)
    assert "Partly bound" in page(operator)
    write_readings([replace_resting(BOUND)], token=1)
    assert "Keeps failing" in page(operator)


def replace_resting(reading: Reading) -> Reading:
    return reading._replace(is_resting=True)


def test_a_worker_that_is_gone_counts_no_more(operator: Client) -> None:
    write_readings([BOUND], token=1)
    CarrierReading.objects.filter(token=1).update(read_at=LONG_AGO)
    assert "No worker" in page(operator)
    write_readings([BOUND], token=2)
    assert list(CarrierReading.objects.values_list("token", flat=True)) == [2]


def test_the_check_names_a_carrier_that_takes_no_messages() -> None:
    assert list(check.bound(None)) == []  # no worker runs: nothing is known
    mailing = BOUND._replace(carrier="smtp")
    write_readings([AWAY, mailing], token=1)
    assert list(check.bound(None)) == ["The carrier smpp takes no messages: cannot bind: refused."]
    write_readings([BOUND], token=2)
    assert list(check.bound(None)) == []
    CarrierReading.objects.all().delete()
    write_readings([mailing, BOUND._replace(carrier="older")], token=3)
    assert list(check.bound(None)) == ["The carrier smpp is not served: restart the workers, they do not know it yet."]


def test_routes_show_what_waits_in_them_and_those_that_are_gone_what_becomes_of_it(
    operator: Client, organisation: Organisation, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(organisation.id, 10)
    route = route_of("jio", prefixes=("91",), policy=Policy(ChargeOn.DELIVERED, 24, 120_000))
    with routes_in(route):
        for _ in range(3):
            send_message(organisation_id=organisation.id, request=SendRequest("+919812345678", "Hello"))
        text = page(operator)
        assert f"{route.name} To +91, from any sender smpp" in text
        assert "0.12 credits of each undelivered segment are kept. 3 since" in text
    assert f"{route.name} (3)" in page(operator)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(), "Used when a carrier accepts."),
        (Policy(ChargeOn.DELIVERED, 4), "Used when delivered, otherwise returned, after 4 h at the latest."),
        (
            Policy(is_safe_to_resend=True),
            "Used when a carrier accepts. After a lost answer sent once more: it may arrive twice.",
        ),
    ],
)
def test_a_policy_in_words(policy: Policy, words: str) -> None:
    assert " ".join(policy_sentences(policy)) == words


def test_what_a_route_takes_in_words() -> None:
    route = route_of(prefixes=("1", "44"), senders=("ACME",))
    assert takes_sentence(route) == "To +1, +44, from ACME"
    assert takes_sentence(replace(route, prefixes=("",), senders=())) == "To everybody, from any sender"
