"""What docs/guarantees promises names tests, and those tests exist."""

import ast
import re

from tests.house.project import ROOT

_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def named() -> list[tuple[str, str]]:
    """File and test of every promise."""
    return [found for page in (ROOT / "docs/guarantees").glob("*.md") for found in _NAMED.findall(page.read_text())]


def defined() -> set[tuple[str, str]]:
    """In modules and in classes; a contract's tests stand where they are written."""
    return {
        (file, node.name)
        for file in {file for file, _ in named()}
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_promise_names_tests_that_exist() -> None:
    assert named()
    assert set(named()) - defined() == set()


def test_every_row_names_a_test() -> None:
    rows = [
        row
        for page in (ROOT / "docs/guarantees").glob("*.md")
        for row in page.read_text().splitlines()
        if row.startswith("| ") and not row.endswith("| test |")
    ]
    assert [row for row in rows if not _NAMED.search(row)] == []
