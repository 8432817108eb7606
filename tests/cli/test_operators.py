"""`khata operator`: made, listed and unmade on the command line, by the address somebody signs in with."""

from uuid import uuid4

import pytest
from typer.testing import CliRunner

from khata.cli.main import app
from khata.tenancy.models import Member
from tests.conftest import World


def operator(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["operator", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def is_operator(member: Member) -> bool:
    member.refresh_from_db()
    return member.is_superuser


def test_an_operator_is_made_listed_and_unmade(world: World) -> None:
    email = world.bilal.email
    assert operator("add", email) == f"{email} is an operator now.\n"
    assert operator("add", email.upper()) == f"{email.upper()} is an operator already.\n"
    assert is_operator(world.bilal)
    assert email in operator("list").splitlines()
    assert operator("remove", email) == f"{email} is no operator any more.\n"
    assert operator("remove", email) == f"{email} is no operator.\n"
    assert not is_operator(world.bilal)
    assert email not in operator("list").splitlines()


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_nobody_is_made_an_operator_who_has_not_signed_up(verb: str) -> None:
    email = f"{uuid4().hex}@example.com"
    result = CliRunner().invoke(app, ["operator", verb, email])
    assert result.exit_code == 1
    assert result.stderr == f"khata: Nobody signs in as {email}.\n"
