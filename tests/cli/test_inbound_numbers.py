"""`khata inbound-number`: a number is given to an organisation, listed and taken away on the command line."""

import uuid

import pytest
from typer.testing import CliRunner

from khata.cli.main import app
from tests.conftest import World


def inbound_number(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["inbound-number", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def refusal(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["inbound-number", *arguments])
    return result.exit_code, result.stderr


@pytest.fixture
def number() -> str:
    return str(uuid.uuid4().int)[:15]


def test_a_number_is_given_listed_and_taken_away(world: World, number: str) -> None:
    organisation = world.organisation.public_id
    assert inbound_number("add", number, organisation) == f"{number} is {organisation}'s now.\n"
    assert inbound_number("add", number, organisation) == f"{number} is {organisation}'s already.\n"
    assert f"{number}\t{organisation}" in inbound_number("list").splitlines()
    chens = world.chens_organisation.public_id
    code, words = refusal("add", number, chens)
    assert (code, words) == (1, f"khata: {number} belongs to {organisation}. Remove it there first.\n")
    assert inbound_number("remove", number) == f"{number} is nobody's now.\n"
    assert refusal("remove", number) == (1, f"khata: {number} belongs to nobody.\n")


def test_what_cannot_be_read_is_said_in_a_sentence(world: World, number: str) -> None:
    assert refusal("add", number, "acme") == (2, "khata: “acme” is no organisation's id, org_ and 13 characters.\n")
    code, words = refusal("add", "KHATA", world.organisation.public_id)
    assert (code, words.startswith("khata: “KHATA” is no number")) == (2, True)
