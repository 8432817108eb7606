"""What must not be in any file, and what the lock files and .env.example must say."""

import ast
import re

import pytest

from tests.house.project import ROOT, files, name, texts, trees

# Written so that none of them matches itself.
FORBIDDEN = {
    "a path of somebody's machine": r"/(?:work|root|home/\w+|Users/\w+)/\w",
    "a package registry's host": r"pypi[.]org|python[h]osted[.]org|npmjs[.]|crates[.]io|proxy[.]golang[.]org",
    "an unfinished thought": r"\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b",
    "a merge conflict": r"^(?:<{7}|>{7}) ",
    "a skipped test": r"pytest[.]mark[.](?:skip|xfail)|pytest[.](?:skip|xfail)\(",
}
LINE_LENGTH_MAX = 800
"""Minified code is one endless line; the longest of ours are template lines."""

BINARY_SUFFIXES = (".png",)
"""Pictures of our own pages. Fonts, archives and the like come from packages."""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = {file: match[0] for file, text in texts().items() if (match := pattern.search(text))}
    assert found == {}


def test_the_forbidden_is_noticed() -> None:
    samples = ["/ro" + "ot/x", "https://py" + "pi.org/simple", "# TO" + "DO", "<" * 7 + " HEAD", "pytest." + "skip()"]
    for pattern, sample in zip(FORBIDDEN.values(), samples, strict=True):
        assert re.search(pattern, sample, re.MULTILINE)


def test_nothing_minified_or_packed_is_in_the_project() -> None:
    assert [name(path) for path in files() if ".min." in path.name] == []
    long = [
        file
        for file, text in texts().items()
        if file.endswith((".js", ".css", ".svg")) and max(map(len, text.splitlines()), default=0) > LINE_LENGTH_MAX
    ]
    assert long == []


def test_every_binary_file_is_a_picture_of_ours() -> None:
    binaries = [name(path) for path in files() if name(path) not in texts()]
    assert [file for file in binaries if not file.endswith(BINARY_SUFFIXES)] == []


def test_the_example_environment_names_exactly_what_is_read() -> None:
    tree = trees()["src/khata/site/environment.py"]
    read = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "read"
        and isinstance(call.args[0], ast.Constant)
    }
    explained = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert len(read) > 20
    assert explained == read


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock", "requirements-peers.lock"])
def test_a_lock_pins_and_hashes_everything_and_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|--(?:extra-)?index|--find-links|--trusted-host", text)
    entries = re.split(
        r"\n(?=[a-z0-9])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).strip(), flags=re.IGNORECASE
    )
    assert len(entries) > 10
    assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
