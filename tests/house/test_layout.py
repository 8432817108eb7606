"""Names, sizes and docstrings: what makes a file easy to find and to read."""

import ast

from tests.house.project import source_texts, trees

BANNED_MODULE_NAMES = frozenset({"base", "common", "helpers", "managers", "misc", "services", "utils"})
"""They say nothing about what is inside."""

LINES_MAX = 350

UNDESCRIBED_PACKAGES = frozenset({"drivers", "migrations"})
"""Folders that hold only one kind of file, described elsewhere: drivers by port.py, migrations by Django."""


def test_no_module_or_package_has_a_name_that_says_nothing() -> None:
    named = {name: set(name.removesuffix(".py").split("/")) for name in trees()}
    assert [name for name, words in named.items() if words & BANNED_MODULE_NAMES] == []


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        name
        for name, tree in trees().items()
        if name.endswith("/__init__.py")
        and name.split("/")[-2] not in UNDESCRIBED_PACKAGES
        and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_every_module_with_something_public_says_what_it_is_for() -> None:
    """Django's `apps.py` and migrations have nothing to add to their names."""
    silent = [
        name
        for name, tree in trees().items()
        if tree.body
        and not name.endswith("/apps.py")
        and "/migrations/0001_" not in name
        and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_no_source_file_outgrows_a_reader() -> None:
    long = {name: text.count("\n") for name, text in source_texts(".py", ".html", ".css", ".js").items()}
    assert {name: lines for name, lines in long.items() if lines > LINES_MAX} == {}
