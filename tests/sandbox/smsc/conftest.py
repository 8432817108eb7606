from collections.abc import Iterator
from pathlib import Path

import pytest

from ..far_end import FarEnd
from .esme import Esme


@pytest.fixture(scope="module")
def smsc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarEnd]:
    """One message centre for the tests of a module; each test uses numbers of its own."""
    with FarEnd("smsc", tmp_path_factory.mktemp("smsc"), SANDBOX_SMSC_RECEIPT_DELAY_MS="30") as far_end:
        yield far_end


@pytest.fixture
def own_smsc(tmp_path: Path) -> Iterator[FarEnd]:
    """A message centre of one test, to be stopped, killed and spoilt."""
    with FarEnd("smsc", tmp_path / "smsc", SANDBOX_SMSC_RECEIPT_DELAY_MS="30") as far_end:
        yield far_end


@pytest.fixture
def esme(smsc: FarEnd) -> Iterator[Esme]:
    """Bound as a transceiver, and the only one: every test answers the receipts it asked for."""
    with Esme(smsc.port) as bound:
        assert bound.bind().status == 0
        yield bound


@pytest.fixture
def healed(smsc: FarEnd) -> Iterator[FarEnd]:
    """The message centre, with all switches off again afterwards."""
    yield smsc
    assert smsc.http.delete("/faults.json").json()["switches"] == []
