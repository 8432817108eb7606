from collections.abc import Iterator

import pytest

from .running_demo import RunningDemo, running_demo


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    """The real demo in processes of its own; the tests of a module share it and leave it as they found it."""
    with running_demo() as running:
        yield running
