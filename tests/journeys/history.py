"""Credit History as a person reads it: whether it adds up."""

from dataclasses import dataclass
from decimal import Decimal

from playwright.sync_api import Locator, Page


@dataclass(frozen=True, slots=True)
class Line:
    description: str
    credits: Decimal
    balance_after: Decimal


@dataclass(frozen=True, slots=True)
class History:
    """`lines` newest first, as on the page; `totals` by their words."""

    totals: dict[str, Decimal]
    lines: list[Line]

    def assert_adds_up(self) -> None:
        """Opening + added − used + returned = closing, and every row starts where the one before it ended."""
        *moved, closing = self.totals.values()
        assert sum(moved) == closing, self.totals
        balance = self.totals["Opening balance"]
        for line in reversed(self.lines):
            balance += line.credits
            assert balance == line.balance_after, line
        assert balance == closing


def read_history(page: Page) -> History:
    """From the open page, which must show all of it: no more than one page of rows, and every type."""
    totals = page.get_by_label("Totals of the period")
    words = totals.get_by_role("term").all_inner_texts()
    figures = totals.get_by_role("definition").all_inner_texts()
    table = page.get_by_role("table", name="Credit History")
    columns = table.get_by_role("columnheader").all_inner_texts()
    rows = table.get_by_role("row").filter(has=page.get_by_role("cell"))
    return History(
        totals=dict(zip(words, map(_number, figures), strict=True)),
        lines=[_line(dict(zip(columns, _cells(row), strict=True))) for row in rows.all()],
    )


def _cells(row: Locator) -> list[str]:
    return row.get_by_role("cell").all_inner_texts()


def _line(cells: dict[str, str]) -> Line:
    return Line(cells["Description"], _number(cells["Credits"]), _number(cells["Balance after"]))


def _number(text: str) -> Decimal:
    """`−1,234.5` → -1234.5"""
    return Decimal(text.strip().replace(",", "").replace("\u2212", "-"))
