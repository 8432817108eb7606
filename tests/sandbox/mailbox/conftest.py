from collections.abc import Iterator
from pathlib import Path

import pytest

from ..far_end import FarEnd


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarEnd]:
    """One mailbox for the tests of a module; each test uses addresses of its own."""
    with FarEnd("mailbox", tmp_path_factory.mktemp("mailbox")) as far_end:
        yield far_end


@pytest.fixture
def own_mailbox(tmp_path: Path) -> Iterator[FarEnd]:
    """A mailbox of one test, to be stopped and killed."""
    with FarEnd("mailbox", tmp_path / "mailbox") as far_end:
        yield far_end
