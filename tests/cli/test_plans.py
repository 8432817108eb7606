"""`khata plan`, `khata bonus`, `khata coupon`: offered, listed and taken back on the command line."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from khata.billing.queries import plans_offered
from khata.cli.main import app
from khata.kernel.clock import utc_now
from khata.pricing.models import BonusSlab
from tests.plans import offered


def khata(*arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == exit_code, result.output
    return result.stdout if exit_code == 0 else result.stderr


@pytest.fixture
def code() -> Iterator[str]:
    """A code nobody has, with room to offer it; retired when the test is over."""
    made = f"cli-{uuid4().hex[:8]}"
    for plan in plans_offered():
        khata("plan", "retire", plan.code)
    yield made
    for plan in plans_offered():
        khata("plan", "retire", plan.code)


def add(code: str, **told: str) -> tuple[str, ...]:
    figures = {"name": "Starter", "fee": "999.50", "credits": "6000", "credits-per-rupee": "5.5"} | told
    return ("plan", "add", code, *(part for name, value in figures.items() for part in (f"--{name}", value)))


def test_a_plan_is_offered_listed_and_retired(code: str) -> None:
    said = khata(*add(code), "--benefit", "Help by phone", "--benefit", "A word with us")
    assert said == f"Starter ({code}) is offered now.\n"
    assert f"{code}\tStarter\t999.50\t6000\t5.5\toffered" in khata("plan", "list").splitlines()
    (plan,) = plans_offered()
    assert plan.benefits == ("Help by phone", "A word with us")
    assert khata("plan", "retire", code) == f"{code} is retired: nobody new can choose it.\n"
    assert f"{code}\tStarter\t999.50\t6000\t5.5\tretired" in khata("plan", "list").splitlines()


def test_a_code_is_never_given_to_two_plans(code: str) -> None:
    khata(*add(code))
    assert khata(*add(code), exit_code=2) == f"khata: There is or was a plan {code} already.\n"


def test_at_most_three_plans_are_offered(code: str) -> None:
    for number in range(3):
        khata(*add(f"{code}-{number}"))
    assert "At most 3 plans are offered at a time." in khata(*add(f"{code}-4"), exit_code=2)


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"fee": "abc"}, "“abc” is no amount in rupees"),
        ({"fee": "0.50"}, "A fee is 0, or from ₹1"),
        ({"credits": "0"}, "A plan includes credits, above zero."),
        ({"credits": "many"}, "“many” is no number of credits"),
        ({"credits-per-rupee": "0"}, "A rupee buys credits, above zero."),
        ({"name": " "}, "A name has 1 to 40"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(code: str, told: dict[str, str], complaint: str) -> None:
    assert complaint in khata(*add(code, **told), exit_code=2)
    assert plans_offered() == []


def test_a_plan_nobody_offered_cannot_be_retired() -> None:
    assert khata("plan", "retire", "no-such", exit_code=1) == "khata: There is no plan no-such.\n"


def test_a_free_plan_can_be_offered(code: str) -> None:
    khata(*add(code, fee="0"))
    assert plans_offered()[0].is_free


def test_a_bonus_is_added_listed_and_ended() -> None:
    try:
        assert khata("bonus", "add", "--from", "4321", "--percent", "7.5", "--days", "30")
        assert "4321.00\t7.50\t30" in khata("bonus", "list").splitlines()
        khata("bonus", "end", "--from", "4321")
        assert "4321.00" not in khata("bonus", "list")
        assert "No bonus that is in force" in khata("bonus", "end", "--from", "4321", exit_code=1)
    finally:
        BonusSlab.objects.filter(minimum_minor=432_100, valid_until=None).update(valid_until=utc_now())


def test_a_percentage_that_is_none_is_refused() -> None:
    assert "is no percentage" in khata("bonus", "add", "--from", "1000", "--percent", "half", exit_code=2)


def test_a_coupon_is_offered_listed_and_retired() -> None:
    code = f"CLI-{uuid4().hex[:8].upper()}"
    khata("coupon", "add", code.lower(), "--percent", "10", "--minimum", "500", "--until", "2099-12-31", "--uses", "9")
    assert f"{code}\t10.00 %\t500.00\t0\t9\toffered" in khata("coupon", "list").splitlines()
    khata("coupon", "retire", code)
    assert f"{code}\t10.00 %\t500.00\t0\t9\tretired" in khata("coupon", "list").splitlines()


def test_a_coupon_gives_a_percentage_or_credits_and_not_both() -> None:
    told = ("coupon", "add", f"CLI-{uuid4().hex[:8]}", "--percent", "10", "--credits", "500")
    assert khata(*told, exit_code=2) == "khata: Give either a percentage or a number of credits.\n"


def test_the_tests_own_plans_make_room_for_each_other() -> None:
    for name in ("One", "Two", "Three", "Four"):
        offered(name, fee_minor=0, included=1, per_rupee=5)
    assert len(plans_offered()) == 3
