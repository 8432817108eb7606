"""What these tests change about the process they run in, and put back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

SetEnvironment = Callable[..., None]


@pytest.fixture
def set_environment(monkeypatch: pytest.MonkeyPatch) -> SetEnvironment:
    """`set_environment(metrics_token="…")`: as if Khata had been started with it."""
    from django.conf import settings

    def set_fields(**fields: Any) -> None:
        monkeypatch.setattr(settings, "ENVIRONMENT", replace(settings.ENVIRONMENT, **fields))

    return set_fields


@pytest.fixture
def database_away() -> Iterator[None]:
    """Nobody listens where the database should be; the pool forgets its connections before and after."""
    from django.db import connections

    from tests.ports import free_port

    connection: Any = connections["default"]
    port, options = connection.settings_dict["PORT"], connection.settings_dict["OPTIONS"]
    connection.close()
    connection.close_pool()
    connection.settings_dict["PORT"] = free_port()
    connection.settings_dict["OPTIONS"] = {**options, "pool": {**options["pool"], "timeout": 1}}
    yield
    connection.close()
    connection.close_pool()
    connection.settings_dict["PORT"], connection.settings_dict["OPTIONS"] = port, options
