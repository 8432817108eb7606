"""Telephone numbers: the short way for the common case must say exactly what the long way says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khata.messaging.core import recipients
from khata.messaging.core.recipients import NotReachable, e164


def outcome(read: "object", text: str) -> str:
    try:
        return str(read(text))  # type: ignore[operator]
    except NotReachable:
        return "not reachable"


@given(st.from_regex(r"\+91[0-9]{10}", fullmatch=True))
@settings(max_examples=2_000, deadline=None)
def test_the_short_way_agrees_with_the_parser(text: str) -> None:
    assert outcome(e164, text) == outcome(recipients._parsed, text)


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
