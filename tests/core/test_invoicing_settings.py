"""What the environment may say about invoices, and what stops a start."""

from typing import Any

import pytest

from khata.site.environment import Environment, read_environment
from khata.site.variables import Misconfigured

NEEDED = {"DATABASE_URL": "postgresql://localhost/khata", "KHATA_SECRET_KEY": "tests-" * 8}


def read(**settings: Any) -> Environment:
    return read_environment({**NEEDED, **settings})


def test_without_settings_the_merchant_supplies_in_karnataka() -> None:
    environment = read(KHATA_MERCHANT_NAME="ACME")
    assert (environment.supplier_name, environment.supplier_address, environment.supplier_gstin) == ("ACME", "", "")
    assert (environment.tax_country, environment.tax_state_code, environment.tax_rate_bp) == ("IN", "29", 1_800)
    assert (environment.invoice_prefix, environment.credit_note_prefix) == ("KH", "CN")


def test_an_address_has_lines_and_a_gstin_capital_letters() -> None:
    environment = read(KHATA_SUPPLIER_ADDRESS=r"14 Church Street\nBengaluru", KHATA_SUPPLIER_GSTIN="29aagcr4375j1zu")
    assert environment.supplier_address.splitlines() == ["14 Church Street", "Bengaluru"]
    assert environment.supplier_gstin == "29AAGCR4375J1ZU"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        *(
            ("KHATA_INVOICE_PREFIX", prefix, "one to three capital letters or digits")
            for prefix in ("ABCD", "kh", "K/")
        ),
        ("KHATA_INVOICE_PREFIX", "CN", "must differ"),
        ("KHATA_CREDIT_NOTE_PREFIX", "É", "KHATA_CREDIT_NOTE_PREFIX must be one to three"),
        ("KHATA_SUPPLIER_GSTIN", "29AAGCR4375J1ZX", "KHATA_SUPPLIER_GSTIN: The last character does not fit"),
        ("KHATA_SUPPLIER_GSTIN", "27AAPFU0939F1ZV", "another State than KHATA_TAX_STATE_CODE"),
        ("KHATA_TAX_STATE_CODE", "28", "no State has the code"),
        ("KHATA_TAX_SERVICE_CODE", "SAC", "at most eight digits"),
        ("KHATA_TAX_COUNTRY", "India", "two capital letters"),
        ("KHATA_TAX_RATE_PERCENT", "0.25", "CGST and SGST are half of it each"),
        *(("KHATA_TAX_RATE_PERCENT", rate, "a percentage like") for rate in ("18 %", "1,5", "-1", "100", "8.125")),
    ],
)
def test_what_cannot_stand_on_an_invoice_is_refused(name: str, value: str, sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        read(**{name: value})


@pytest.mark.parametrize(("told", "rate_bp"), [("20", 2_000), ("25.5", 2_550), ("8.1", 810), ("9.97", 997)])
def test_a_rate_may_have_hundredths(told: str, rate_bp: int) -> None:
    assert read(KHATA_TAX_COUNTRY="FI", KHATA_TAX_RATE_PERCENT=told).tax_rate_bp == rate_bp


@pytest.mark.parametrize(
    ("country", "told", "scheme"),
    [("IN", "", "gst"), ("DE", "", "vat"), ("IN", "none", "none"), ("DE", "none", "none"), ("DE", "vat", "vat")],
)
def test_the_country_decides_the_tax_where_nothing_else_is_said(country: str, told: str, scheme: str) -> None:
    assert read(KHATA_TAX_COUNTRY=country, KHATA_TAX_SCHEME=told).tax_scheme == scheme


@pytest.mark.parametrize(("country", "told"), [("IN", "vat"), ("DE", "gst"), ("DE", "sales")])
def test_a_tax_the_country_does_not_have_is_refused(country: str, told: str) -> None:
    with pytest.raises(Misconfigured, match="KHATA_TAX_SCHEME"):
        read(KHATA_TAX_COUNTRY=country, KHATA_TAX_SCHEME=told)


def test_elsewhere_neither_state_nor_gstin_is_looked_at() -> None:
    environment = read(KHATA_TAX_COUNTRY="GB", KHATA_SUPPLIER_GSTIN="GB123456789", KHATA_TAX_STATE_CODE="")
    assert (environment.tax_country, environment.supplier_gstin) == ("GB", "GB123456789")
