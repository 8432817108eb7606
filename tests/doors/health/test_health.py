"""`/healthz` says that the process lives; `/readyz` tells the truth about whether it can work."""

import asyncio
from typing import Any

import pytest

from khata.kernel import readiness
from khata.site.asgi import application
from tests.owner import owner_connection

from .asking import ELSEWHERE, ask


def test_a_process_with_a_migrated_database_is_ready() -> None:
    answer = ask("/readyz", peer=ELSEWHERE)
    assert answer.status_code == 200
    checks = {"accepting": "ok", "database": "ok", "migrations": "ok"}
    assert answer.json() == {"status": "ready", "checks": checks}


def test_without_its_database_a_process_lives_and_is_not_ready(database_away: None) -> None:
    assert ask("/healthz").json() == {"status": "ok"}
    answer = ask("/readyz")
    assert_not_ready(answer, {"accepting": "ok", "database": "unreachable", "migrations": "not known"})


def test_a_migration_the_database_does_not_have_is_counted() -> None:
    with owner_connection() as owner:
        took = "delete from django_migrations where app = 'messaging' and name = '0002_room' returning applied"
        row = owner.execute(took).fetchone()
        assert row is not None
        owner.commit()
        try:
            assert readiness.pending_migrations() == ["messaging.0002_room"]
            assert_not_ready(ask("/readyz"), {"accepting": "ok", "database": "ok", "migrations": "1 pending"})
        finally:
            owner.execute(
                "insert into django_migrations (app, name, applied) values ('messaging', '0002_room', %s)", (row[0],)
            )
            owner.commit()
    assert ask("/readyz").status_code == 200


def test_a_process_told_to_stop_is_not_ready_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_STATE", {"is_draining": False})
    assert ask("/readyz").status_code == 200
    assert asyncio.run(lifespan()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert_not_ready(ask("/readyz"), {"accepting": "draining", "database": "ok", "migrations": "ok"})


async def lifespan() -> list[str]:
    """One server process's life; what the application answered to it."""
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    answers: list[str] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        answers.append(message["type"])

    await application({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return answers


def assert_not_ready(answer: Any, checks: dict[str, str]) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
    problem = answer.json()
    assert (problem["code"], problem["checks"]) == ("not_ready", checks)
