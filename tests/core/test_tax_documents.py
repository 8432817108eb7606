"""Tax documents on paper: numbers by India's financial year, amounts in words, tax taken back to the paisa."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.billing.core.amount_words import amount_in_words
from khata.billing.core.invoices import DocumentKind, Party, TaxDocument
from khata.billing.core.numbering import (
    NUMBER_LENGTH_MAX,
    SeriesFull,
    document_number,
    financial_year,
    financial_year_span,
    financial_year_text,
    month_span,
)
from khata.billing.core.tax import INDIA, TaxLaw, TaxLine, tax_lines, tax_profile, tax_taken_back
from khata.tenancy.core.tax_scheme import TaxScheme

AMOUNTS = st.integers(1, 50_000_000)
GST = TaxLaw(TaxScheme.GST, "IN", "29", 1800, "VAT")
VAT = TaxLaw(TaxScheme.VAT, "DE", "", 1900, "MwSt")


@pytest.mark.parametrize(
    ("at", "year"),
    [
        (datetime(2026, 3, 31, 18, 29, 59, tzinfo=UTC), 2025),
        (datetime(2026, 3, 31, 18, 30, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2026),
        (datetime(2027, 3, 31, 18, 29, 59, tzinfo=UTC), 2026),
    ],
)
def test_the_year_begins_on_the_first_of_april_in_india(at: datetime, year: int) -> None:
    assert financial_year(at) == year


@given(st.integers(0, 50 * 366 * 24 * 60))
def test_every_instant_lies_in_its_financial_year_and_its_month(minutes: int) -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    begin, end = financial_year_span(financial_year(at))
    assert begin <= at < end
    local = at.astimezone(begin.tzinfo)
    first, following = month_span(local.year, local.month)
    assert first <= at < following
    assert following - first >= timedelta(days=28)


@pytest.mark.parametrize(("year", "text"), [(2026, "26-27"), (2099, "99-00"), (2009, "09-10")])
def test_a_financial_year_is_written_with_both_its_ends(year: int, text: str) -> None:
    assert financial_year_text(year) == text


@given(st.from_regex(r"[A-Z0-9]{1,3}", fullmatch=True), st.integers(2020, 2099), st.integers(1, 10**8))
def test_a_number_is_what_the_law_allows_or_none(prefix: str, year: int, serial: int) -> None:
    try:
        number = document_number(prefix=prefix, year=year, serial=serial)
    except SeriesFull:
        assert serial >= 10 ** (NUMBER_LENGTH_MAX - len(f"{prefix}/26-27/"))
    else:
        assert re.fullmatch(r"[A-Za-z0-9/-]{1,16}", number)
        assert number.endswith(str(serial))


def test_numbers_look_like_this() -> None:
    assert document_number(prefix="KH", year=2026, serial=1) == "KH/26-27/000001"
    assert document_number(prefix="INV", year=2026, serial=999_999) == "INV/26-27/999999"


@pytest.mark.parametrize(
    ("amount_minor", "words"),
    [
        (118_000, "Rupees One Thousand One Hundred Eighty Only"),
        (118_050, "Rupees One Thousand One Hundred Eighty and Fifty Paise Only"),
        (1, "Rupees Zero and One Paise Only"),
        (9_440, "Rupees Ninety Four and Forty Paise Only"),
        (10_000_000, "Rupees One Lakh Only"),
        (1_234_567_89, "Rupees Twelve Lakh Thirty Four Thousand Five Hundred Sixty Seven and Eighty Nine Paise Only"),
        (1_000_000_000, "Rupees One Crore Only"),
        (123_45_00_000_00, "Rupees One Hundred Twenty Three Crore Forty Five Lakh Only"),
    ],
)
def test_an_amount_is_said_in_lakhs_and_crores(amount_minor: int, words: str) -> None:
    assert amount_in_words(amount_minor) == words


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_different_amounts_are_said_differently(one: int, other: int) -> None:
    assert (amount_in_words(one) == amount_in_words(other)) == (one == other)


def gst(amount_minor: int, customer_state: str = "29") -> tuple[TaxLine, ...]:
    return tax_lines(GST, amount_minor=amount_minor, customer_state=customer_state, customer_registration="")


def total(lines: tuple[TaxLine, ...]) -> int:
    return sum(line.amount_minor for line in lines)


def test_four_hundred_credits_of_a_thousand_rupees_take_back_seven_rupees_twenty_twice() -> None:
    lines, rounding_minor = tax_taken_back(gst(100_000), tax_before_minor=0, tax_minor=1_440)
    assert (lines, rounding_minor) == ((TaxLine("CGST 9 %", 720), TaxLine("SGST 9 %", 720)), 0)


def test_an_odd_paisa_goes_to_the_rounding_and_comes_back_with_the_next_note() -> None:
    first, first_rounding = tax_taken_back(gst(100_000), tax_before_minor=0, tax_minor=1)
    second, second_rounding = tax_taken_back(gst(100_000), tax_before_minor=1, tax_minor=17_999)
    assert [line.amount_minor for line in first] == [0, 0]
    assert [line.amount_minor for line in second] == [9_000, 9_000]
    assert (first_rounding, second_rounding) == (1, -1)


@given(AMOUNTS, st.sampled_from(["29", "27"]), st.lists(st.integers(0, 100), min_size=1, max_size=6))
def test_whatever_the_parts_the_notes_together_take_back_what_the_invoice_says(
    amount_minor: int, customer_state: str, weights: list[int]
) -> None:
    lines = gst(amount_minor, customer_state)
    whole, before = total(lines), 0
    taken = [0] * len(lines)
    for position, weight in enumerate(weights):
        is_last = position == len(weights) - 1
        part = whole - before if is_last else min(whole - before, whole * weight // 300)
        note, rounding_minor = tax_taken_back(lines, tax_before_minor=before, tax_minor=part)
        assert total(note) + rounding_minor == part
        assert abs(rounding_minor) <= 1
        assert len({line.amount_minor for line in note}) == 1
        assert all(line.amount_minor >= 0 for line in note)
        taken = [sum(pair) for pair in zip(taken, (line.amount_minor for line in note), strict=True)]
        before += part
    assert taken == [line.amount_minor for line in lines]


def test_nothing_is_taken_back_from_no_tax() -> None:
    free = (TaxLine("IGST 0 %", 0),)
    assert tax_taken_back(free, tax_before_minor=0, tax_minor=0) == (free, 0)


@pytest.mark.parametrize(
    ("law", "registration", "lines"),
    [
        (VAT, "", (TaxLine("MwSt 19 %", 19_000),)),
        (VAT, "DE123456789", (TaxLine("MwSt 19 %", 19_000),)),
        (VAT, "FR12345678901", ()),
        (VAT, "EL123456789", ()),
        (VAT, "GB123456789", (TaxLine("MwSt 19 %", 19_000),)),
        (replace(VAT, country="GB"), "DE123456789", (TaxLine("MwSt 19 %", 19_000),)),
        (replace(VAT, country="GR"), "EL123456789", (TaxLine("MwSt 19 %", 19_000),)),
        (replace(VAT, rate_bp=0), "", (TaxLine("MwSt 0 %", 0),)),
        (replace(VAT, scheme=TaxScheme.NONE), "", ()),
        (replace(GST, scheme=TaxScheme.NONE), "", ()),
    ],
)
def test_elsewhere_there_is_one_tax_or_the_customer_owes_it(
    law: TaxLaw, registration: str, lines: tuple[TaxLine, ...]
) -> None:
    assert tax_lines(law, amount_minor=100_000, customer_state="", customer_registration=registration) == lines


def test_papers_are_called_what_they_are() -> None:
    assert tax_profile("IN") is INDIA
    assert tax_profile("GB").invoice_title == tax_profile("IN", is_taxed=False).invoice_title == "Invoice"


def test_a_document_knows_its_title_and_its_file() -> None:
    party = Party("ACME", "", "29", "")
    note = TaxDocument(
        id=UUID(int=1), public_id="inv_1", kind=DocumentKind.CREDIT_NOTE, number="CN/26-27/000001",
        issued_at=datetime.now(UTC), organisation_id=1, top_up_id=UUID(int=2), is_test=False, country="IN",
        supplier=party, customer=party, place_of_supply="29", service_code="998413", description="", credits_micro=1,
        currency="INR", taxable_minor=100, tax_lines=gst(100), rounding_minor=0, total_minor=118, payment_ref="pay_1",
    )  # fmt: skip
    assert (note.title, note.file_name, note.tax_minor) == ("Credit Note", "CN-26-27-000001.pdf", 18)
    assert party.state == "29 Karnataka"
