"""Whether a `DATABASE_URL` can be used, told in one sentence that never shows the password."""

from typing import Any
from urllib.parse import urlsplit

import psycopg

from khata.cli.errors import DatabaseUnusable

VERSION_MIN = 15
CONNECT_TIMEOUT_S = 5


def connect(url: str, *, name: str = "DATABASE_URL") -> psycopg.Connection[Any]:
    """An autocommit connection to a server that is new enough. Raises `DatabaseUnusable`, speaking of `name`."""
    place = _place(url, name)
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
    except psycopg.OperationalError as error:
        raise DatabaseUnusable(_refusal(name, place, str(error))) from None
    except (psycopg.Error, UnicodeError, ValueError):
        raise DatabaseUnusable(f"{name} cannot be understood: it must look like {_EXAMPLE}.") from None
    version = connection.info.server_version // 10_000
    if version < VERSION_MIN:
        connection.close()
        raise DatabaseUnusable(
            f"{name}: the server at {place} is PostgreSQL {version}, Khata needs {VERSION_MIN} or newer."
        )
    return connection


def require_usable(url: str, *, name: str = "DATABASE_URL") -> None:
    """Connect once. Raises `DatabaseUnusable`."""
    connect(url, name=name).close()


_EXAMPLE = "postgresql://user:password@host:5432/database"


def _place(url: str, name: str) -> str:
    """`host:port/database`, for messages."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("postgres", "postgresql") and parts.path.strip("/"):
            return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
    except ValueError:  # A port that is no number, a bracket without its pair.
        pass
    raise DatabaseUnusable(f"{name} cannot be understood: it must look like {_EXAMPLE}.")


def _refusal(name: str, place: str, words: str) -> str:
    if "authentication failed" in words or "no password supplied" in words:
        return f"{name}: the server at {place} refuses the user or the password."
    if "does not exist" in words:
        return f"{name}: the server at {place} has no such database or role."
    if "FATAL" in words:
        return f"{name}: the server at {place} refuses: {words.rsplit('FATAL:', 1)[1].strip().splitlines()[0]}"
    return f"{name}: no PostgreSQL answers at {place}. Is it running, and is the address right?"
