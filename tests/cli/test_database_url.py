"""A wrong DATABASE_URL is told in one sentence that says what is wrong with it and never shows the password."""

from collections.abc import Iterator

import pytest

from khata.cli import database_url, embedded_postgres, ports
from khata.cli.embedded_postgres import EmbeddedDatabase
from khata.cli.errors import DatabaseUnusable

from .far_servers import greeting_server


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    with embedded_postgres.start(tmp_path_factory.mktemp("postgres")) as database:
        yield database


def refusal(url: str) -> str:
    with pytest.raises(DatabaseUnusable) as refused:
        database_url.require_usable(url)
    assert refused.value.exit_code == 6
    assert "\n" not in refused.value.detail
    assert "s3cret" not in refused.value.detail
    return refused.value.detail


def test_a_usable_one_is_accepted(database: EmbeddedDatabase) -> None:
    with database_url.connect(database.app_url) as connection:
        assert connection.info.user == "khata_app"


def test_a_server_that_does_not_answer_is_named() -> None:
    port = ports.free_port()
    assert f"no PostgreSQL answers at 127.0.0.1:{port}/khata" in refusal(
        f"postgresql://u:s3cret@127.0.0.1:{port}/khata"
    )


def test_a_wrong_password_is_called_that(database: EmbeddedDatabase) -> None:
    url = f"postgresql://khata_app:s3cret@127.0.0.1:{database.port}/khata"
    assert "refuses the user or the password" in refusal(url)


def test_an_unknown_database_is_called_that(database: EmbeddedDatabase) -> None:
    assert "no such database" in refusal(database.app_url.removesuffix("khata") + "elsewhere")


def test_a_database_that_may_not_be_entered_is_called_that(database: EmbeddedDatabase) -> None:
    with database_url.connect(database.superuser_url) as connection:
        connection.execute("CREATE DATABASE closed ALLOW_CONNECTIONS false")
    assert "refuses: " in refusal(database.app_url.removesuffix("khata") + "closed")


@pytest.mark.parametrize(
    "url",
    [
        "khata",
        "mysql://u:s3cret@localhost/khata",
        "postgresql://u:s3cret@localhost",
        "postgresql://u:s3cret@localhost:port/khata",
        "postgresql://u:s3cret@[::1/khata",
        "postgresql://u:s3cret@localhost/khata?no_such_option=1",
        "postgresql://u:s3cret%zz@localhost/khata",
    ],
)
def test_one_that_cannot_be_understood_gets_an_example(url: str) -> None:
    assert "must look like postgresql://" in refusal(url)


@pytest.mark.parametrize("version", ["14.19", "9.6.24"])
def test_a_server_that_is_too_old_is_refused(version: str) -> None:
    with greeting_server(version) as port:
        assert f"PostgreSQL {version.split('.')[0]}, Khata needs 15" in refusal(
            f"postgresql://u:s3cret@127.0.0.1:{port}/khata?sslmode=disable&gssencmode=disable"
        )
