"""What docs/drivers/adding-a-gateway.md says of each driver is what the driver says of itself."""

import re

import pytest

from khata.kernel.money import group_indian
from khata.payments.drivers.razorpay import RazorpayGateway
from khata.payments.drivers.stripe import StripeGateway
from khata.payments.port import Capabilities
from khata.payments.ways import PayBy
from tests.house.project import ROOT

DRIVERS = {driver.code: driver.capabilities for driver in (RazorpayGateway, StripeGateway)}


def told() -> dict[str, dict[str, str]]:
    """Driver → row → cell, of the page's first table."""
    text = (ROOT / "docs/drivers/adding-a-gateway.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", text, re.MULTILINE)
    ]
    codes = rows[0][1:]
    table = [row for row in rows[2:] if len(row) == len(rows[0])]
    return {code: {row[0]: row[column] for row in table} for column, code in enumerate(codes, start=1)}


def shown(capabilities: Capabilities) -> dict[str, str]:
    yes_or_no = {True: "yes", False: "no"}
    return {
        "payment links": yes_or_no[PayBy.LINK in capabilities.ways],
        "UPI QR codes": yes_or_no[PayBy.UPI_QR in capabilities.ways],
        "currencies": ", ".join(sorted(capabilities.currencies)),
        "methods": ", ".join(capabilities.methods),
        "UPI at most": f"₹{group_indian(capabilities.upi_maximum_minor // 100)}",
        "refunds": yes_or_no[capabilities.has_refunds],
        "settlements": yes_or_no[capabilities.has_settlements],
        "saved methods": yes_or_no[capabilities.has_saved_methods],
        "a charge arrives within": f"{capabilities.notice_hours} hours" if capabilities.notice_hours else "at once",
        "one charge at most": f"₹{group_indian(capabilities.unattended_maximum_minor // 100)}",
    }


def test_every_driver_has_its_column() -> None:
    assert told().keys() == DRIVERS.keys()


@pytest.mark.parametrize("code", DRIVERS)
def test_the_page_says_what_the_driver_can(code: str) -> None:
    assert shown(DRIVERS[code]).items() <= told()[code].items()
