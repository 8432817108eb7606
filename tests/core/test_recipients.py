"""Telephone numbers: the short way for the common case must say exactly what the long way says."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khata.messaging.core import recipients
from khata.messaging.core.recipients import INDIA, NotReachable, e164


def outcome(read: "object", text: str) -> str:
    try:
        return str(read(text))  # type: ignore[operator]
    except NotReachable:
        return "not reachable"


@given(st.from_regex(r"\+91[0-9]{10}", fullmatch=True))
@settings(max_examples=2_000, deadline=None)
def test_the_short_way_agrees_with_the_parser(text: str) -> None:
    assert outcome(e164, text) == outcome(partial(recipients._parsed, home=INDIA), text)


@given(st.text(alphabet="+0123456789() -.", max_size=40))
@settings(max_examples=1_000, deadline=None)
def test_whatever_is_written_becomes_e164_or_is_refused(text: str) -> None:
    answer = outcome(e164, text)
    assert answer == "not reachable" or (answer.startswith("+") and answer[1:].isdigit() and len(answer) <= 16)
    if answer != "not reachable":
        assert e164(answer) == answer


@pytest.mark.parametrize(
    "text", ["+918022221111", "1800 123 4567", "+911800123456", "0", "+", "+91", "٩٨١٢٣٤٥٦٧٨", "98123x5678"]
)
def test_landlines_toll_free_numbers_and_other_digits_are_refused(text: str) -> None:
    with pytest.raises(NotReachable):
        e164(text)


def test_a_number_without_a_calling_code_is_the_home_countrys() -> None:
    assert e164("0171 1234567", "DE") == "+491711234567"
    assert (e164("2015550123", "US"), e164("+12015550123", "US")) == ("+12015550123", "+12015550123")
    assert e164("098123 45678", "IN") == e164("+91 98123 45678", "US") == "+919812345678"
