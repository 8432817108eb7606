"""docs/errors.md is written from the errors themselves. KHATA_REWRITE=1 writes it anew."""

import importlib
import os
import pkgutil
from collections.abc import Iterator

import khata
from khata.api.problems import STATUSES, status_of
from khata.cli.errors import CommandStopped
from khata.kernel.errors import KhataError
from tests.house.project import ROOT

PAGE = ROOT / "docs/errors.md"
WITHOUT_STATUS = ("khata.cli.", "khata.console.")
"""Doors that answer otherwise than with a problem document."""

HEAD = """\
# Errors

Written from the code by `tests/house/test_errors_page.py`; to change a line, change the error's class.

## The API

Every refusal is an `application/problem+json` document (RFC 9457). Match on `code`: it never changes; `detail` is for
people and may. A refused request cost nothing: no credits and no money moved. 429 and 503 carry `Retry-After`.

| code | status | meaning | raised by |
|---|---|---|---|
"""
FRAMEWORK = """
Besides these, `not_found` (404) answers an unknown address, `method_not_allowed` (405) a wrong method,
`malformed_request` (another 4xx) a request that cannot be read, and `internal_error` (500) a slip of ours: it is logged
under the `request_id` of the answer.

## The `khata` command

One sentence on stderr, and this exit code (1 also where `khata check` or `khata verify-ledger` found something):

| exit code | condition | meaning |
|---|---|---|
"""


def test_the_errors_page_says_what_the_code_says() -> None:
    expected = page()
    if os.environ.get("KHATA_REWRITE") == "1":
        PAGE.write_text(expected)
    assert PAGE.read_text() == expected, f"docs/errors.md must read (KHATA_REWRITE=1 writes it):\n{expected}"


def test_every_error_has_a_sentence_and_a_status() -> None:
    for error in errors():
        assert (error.__doc__ or "").strip(), f"{error.__module__}.{error.__name__} has no docstring"
        assert error.kind in STATUSES


def page() -> str:
    found = list(errors())
    stops = [error for error in found if issubclass(error, CommandStopped)]
    problems = [error for error in found if not error.__module__.startswith(WITHOUT_STATUS)]
    return (
        HEAD
        + "".join(sorted(_problem_row(error) for error in problems))
        + FRAMEWORK
        + "".join(
            f"| {stop.exit_code} | {stop.__name__} | {_sentence(stop)} |\n" for stop in sorted(stops, key=_exit_code)
        )
    )


def errors() -> Iterator[type[KhataError]]:
    """Every condition Khata has, its own modules all imported."""
    for module in pkgutil.walk_packages(khata.__path__, "khata."):
        # The composition root only puts together what the others define.
        if not module.name.startswith("khata.site") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    yield from (error for error in _below(KhataError) if error.__module__.startswith("khata."))


def _below(error: type[KhataError]) -> Iterator[type[KhataError]]:
    for subclass in error.__subclasses__():
        yield subclass
        yield from _below(subclass)


def _problem_row(error: type[KhataError]) -> str:
    return f"| `{error.code()}` | {status_of(error)} | {_sentence(error)} | {error.__module__.split('.')[1]} |\n"


def _sentence(error: type[KhataError]) -> str:
    return " ".join((error.__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")


def _exit_code(error: type[CommandStopped]) -> tuple[int, str]:
    return error.exit_code, error.__name__
