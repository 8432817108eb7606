"""Documents keep their word: what they name exists, what they show would run."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import typer

from khata.api.app import HANDLERS
from khata.api.message_body import MessageBody
from khata.api.opt_outs import OptOutsBody
from khata.api.top_ups import TopUpBody
from khata.cli.main import app as khata
from khata_sandbox.cli import app as khata_sandbox
from tests.house.project import ROOT, documents, texts

BODIES: dict[str, type[msgspec.Struct]] = {
    "/v1/messages": MessageBody,
    "/v1/opt-outs": OptOutsBody,
    "/v1/top-ups": TopUpBody,
}
DECISION_PARTS = ("Context", "Decision", "Alternatives considered", "Consequences")

CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
MAKE_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
OWN_PATH = re.compile(r"(?:src|tests|docs)/[\w./*-]*[\w*]")


def code_in(text: str) -> Iterator[str]:
    """Code blocks and code spans, with continued lines joined."""
    for block, span in CODE.findall(text):
        yield (block or span).replace("\\\n", " ").replace("\\|", "|")


def commands(program: str) -> Iterator[tuple[str, list[str]]]:
    """(document, words) of every line of code in a document that calls `program` with something."""
    for document, text in documents().items():
        lines = (line.strip() for code in code_in(text) for line in code.splitlines())
        for line in lines:
            if line.startswith(f"{program} "):
                yield document, shlex.split(line, comments=True)


def test_every_make_target_in_a_document_exists() -> None:
    targets = set(MAKE_TARGET.findall((ROOT / "Makefile").read_text()))
    named = [(document, words[1]) for document, words in commands("make")]
    assert len(named) > 5
    assert [where for where in named if where[1] not in targets] == []


@pytest.mark.parametrize(("program", "app"), [("khata", khata), ("khata-sandbox", khata_sandbox)])
def test_every_command_and_flag_in_a_document_exists(program: str, app: typer.Typer) -> None:
    known = flags_of(app)
    named = [
        (document, command, {word.split("=")[0] for word in words[2:] if word.startswith("--")})
        for document, words in commands(program)
        for command in words[1].split("|")
    ]
    assert {command for _, command, _ in named} >= known.keys()
    assert [where for where in named if where[1] not in known or where[2] - known[where[1]]] == []


def flags_of(app: typer.Typer) -> dict[str, set[str]]:
    """Command → its flags, those of the commands below it included."""
    group = typer.main.get_group(app)
    return {
        name: {flag for one in parameters_of(command) for flag in one.opts} for name, command in group.commands.items()
    }


def parameters_of(command: Any) -> Iterator[Any]:
    yield from command.params
    for below in getattr(command, "commands", {}).values():
        yield from parameters_of(below)


def test_every_curl_asks_for_an_address_that_exists_and_sends_what_it_takes() -> None:
    addresses = [re.sub(r"{[^}]+}", "[^/]+", path) for handler in HANDLERS for path in handler.paths]
    curls = list(commands("curl"))
    assert len(curls) > 3
    for document, words in curls:
        url = next(word for word in words if word.startswith("http"))
        path = "/" + url.split("/", 3)[3]
        assert any(re.fullmatch(address, path) for address in addresses), f"{document}: {url}"
        if "-d" in words:
            msgspec.json.decode(words[words.index("-d") + 1], type=BODIES[path], strict=True)


def test_the_readme_shows_how_to_send() -> None:
    curls = [words for document, words in commands("curl") if document == "README.md"]
    assert any("Authorization: Bearer $KHATA_API_KEY" in words and "-d" in words for words in curls)


def test_every_link_leads_somewhere() -> None:
    links = [(document, link) for document, text in documents().items() for link in LINK.findall(text)]
    own = [(document, link) for document, link in links if "://" not in link]
    assert len(own) > 20
    assert [where for where in own if not ((ROOT / where[0]).parent / where[1]).exists()] == []


def test_every_path_in_a_document_exists() -> None:
    named = [
        (document, path)
        for document, text in documents().items()
        for code in code_in(text)
        for path in OWN_PATH.findall(code)
    ]
    assert len(named) > 20
    assert [where for where in named if not any(ROOT.glob(where[1]))] == []


def test_decisions_are_numbered_without_gaps_and_have_all_their_parts() -> None:
    decisions = {name: text for name, text in documents().items() if name.startswith("docs/decisions/")}
    numbers = [name.removeprefix("docs/decisions/")[:4] for name in sorted(decisions)]
    assert numbers == [f"{number:04d}" for number in range(1, len(decisions) + 1)]
    for name, text in decisions.items():
        assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == DECISION_PARTS, name
        assert text.startswith(f"# {name.removeprefix('docs/decisions/')[:4]} "), name


def test_every_dependency_is_explained() -> None:
    lists = re.findall(r"^(?:dependencies|build|test) = \[\n(.*?)^\]", texts()["pyproject.toml"], re.MULTILINE | re.S)
    names = {name for entries in lists for name in re.findall(r'^\s+"([\w.-]+)', entries, re.MULTILINE)}
    explained = texts()["docs/decisions/0002-chosen-parts.md"]
    assert len(names) > 30
    assert sorted(name for name in names if f"`{name}`" not in explained) == []
