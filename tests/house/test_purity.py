"""Money and credits are integers; a core decides from its arguments alone."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.project import trees

COUNTED_EXACTLY = (
    "src/khata/ledger/", "src/khata/pricing/", "src/khata/billing/", "src/khata/notices/", "src/khata/kernel/money.py",
)  # fmt: skip
"""Where amounts live. `kernel/credits.py` reads people's decimals and is exact by its own check."""

FLOATS_ALLOWED = {
    "src/khata/ledger/core/purse.py": "an instant as a sort key; no amount comes near it",
}
"""File → why. An entry that is no longer needed must go."""

CLOCK_AND_CHANCE = frozenset(
    {
        "monotonic", "new_organisation_id", "new_uuid", "now", "perf_counter", "randbelow", "randbits", "random",
        "time_ns", "today", "token_bytes", "token_hex", "urandom", "utc_now", "utcnow", "uuid1", "uuid4",
    }
)  # fmt: skip


def floats_in(tree: ast.AST) -> Iterator[int]:
    """Lines that name `float`, write a number with a point, or divide with `/`."""
    for node in ast.walk(tree):
        is_name = isinstance(node, ast.Name) and node.id == "float"
        is_number = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_division = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        if is_name or is_number or is_division:
            yield node.lineno  # type: ignore[attr-defined]


def clock_and_chance_in(tree: ast.AST) -> Iterator[int]:
    """Lines that name something whose answer differs from call to call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in CLOCK_AND_CHANCE - {"now"}:
            yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_AND_CHANCE:
            yield node.lineno


def test_no_float_comes_near_money_or_credits() -> None:
    counted = {name: tree for name, tree in trees().items() if name.startswith(COUNTED_EXACTLY)}
    found = {name: lines for name, tree in counted.items() if (lines := sorted(set(floats_in(tree))))}
    assert {name: lines for name, lines in found.items() if name not in FLOATS_ALLOWED} == {}
    assert sorted(FLOATS_ALLOWED.keys() - found.keys()) == []


def test_no_core_asks_the_clock_or_chance() -> None:
    cores = {name: tree for name, tree in trees().items() if name.startswith("src/khata/") and "/core/" in name}
    assert len(cores) > 20
    assert {name: lines for name, tree in cores.items() if (lines := sorted(clock_and_chance_in(tree)))} == {}


@pytest.mark.parametrize("line", ["price: float = 1", "half = amount / 2", "rate = 0.18", "amount /= 2", "float(text)"])
def test_a_float_is_noticed(line: str) -> None:
    assert list(floats_in(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["at = datetime.now(UTC)", "at = utc_now()", "id_ = new_uuid()", "x = random.random()"]
)
def test_clock_and_chance_are_noticed(line: str) -> None:
    assert list(clock_and_chance_in(ast.parse(line)))


def test_an_argument_named_now_is_no_clock() -> None:
    assert list(clock_and_chance_in(ast.parse("def decide(now): return now < later"))) == []
