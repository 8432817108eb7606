"""What the commands start stands on the floor above, or beside this one: it is named here, never imported.

Django finds its settings and Granian its application by name for the same reason.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from typing import Any

import django
from django.apps import apps

from khata.cli.errors import Misconfigured

SETTINGS = "khata.site.settings"
ASGI_APPLICATION = "khata.site.asgi:application"
WORKER = "khata.workers.main:run"
SERVE_METRICS = "khata.site.metrics_server:serve_metrics"
APPLY_GRANTS = "khata.site.grants:apply_grants"
SEED_DEMO = "khata.site.demo:seed_demo"
READ_ENVIRONMENT = "khata.site.environment:read_environment"
WRONG_ENVIRONMENT = "khata.site.variables:Misconfigured"


def set_up() -> None:
    """Read the environment and get Django ready. Raises `Misconfigured`."""
    if apps.ready:  # Once a process: a second time would point the log at whatever stderr is at that moment.
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    with _one_sentence():
        django.setup()


def read_environment() -> Any:
    """The site's `Environment`. Raises `Misconfigured`."""
    with _one_sentence():
        return call(READ_ENVIRONMENT)


def call(target: str, *arguments: Any) -> Any:
    """Call one of the names above."""
    return resolve_name(target)(*arguments)


@contextmanager
def _one_sentence() -> Iterator[None]:
    """A wrong setting already names itself in one sentence; pass it on as a reason to stop."""
    wrong_environment: type[Exception] = resolve_name(WRONG_ENVIRONMENT)
    try:
        yield
    except wrong_environment as error:
        raise Misconfigured(str(error)) from None
