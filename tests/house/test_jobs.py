"""A worker knows every job that is deferred: jobs are named, not imported, so nothing else would notice one missing."""

import ast
import subprocess
import sys

from tests.house.project import trees

LIST_TASKS = """
import django
django.setup()
from procrastinate.contrib.django import app
print(*app.tasks)
"""


def deferred() -> set[str]:
    """The job names the operations defer by."""
    constants = [
        str(node.value.value)
        for name, tree in trees().items()
        if name.endswith("/operations/deferral.py")
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    ]
    return {name for name in constants if "." in name}


def test_a_worker_finds_every_job_that_is_deferred() -> None:
    """In a process of its own: here other tests may have imported the jobs by hand."""
    result = subprocess.run([sys.executable, "-c", LIST_TASKS], capture_output=True, text=True, check=True)
    assert len(deferred()) > 2
    assert sorted(deferred() - set(result.stdout.split())) == []
