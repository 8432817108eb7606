"""Who may import whom: the contracts of pyproject.toml hold, and each would notice if it did not."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.house.project import ROOT, SRC

LINT_IMPORTS = Path(sysconfig.get_path("scripts")) / "lint-imports"

VIOLATIONS = {
    "Floors: imports only go down": ("khata/kernel/pages.py", "import khata.ledger.errors"),
    "Rooms: jobs, operations, queries, models, drivers, port, errors, core": (
        "khata/billing/models/top_ups.py",
        "import khata.billing.operations",
    ),
    "The core is pure": ("khata/ledger/core/book.py", "import time"),
    "Drivers are strangers to each other": (
        "khata/carriers/drivers/smpp/settings.py",
        "import khata.payments.drivers.razorpay.settings",
    ),
    "Only the composition root names a driver": ("khata/console/words.py", "import khata.payments.drivers.razorpay"),
    "Only its driver knows django-anymail": ("khata/carriers/drivers/smtp/settings.py", "import anymail.signals"),
    "The sandbox is a stranger": ("khata_sandbox/process.py", "import khata.kernel.ids"),
    "No cycles anywhere": ("khata/kernel/errors.py", "import khata.kernel.transactions"),
}
"""For every contract one line, in one file, that it must refuse."""


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT_IMPORTS), "--no-cache", "--no-logo", "--config", str(ROOT / "pyproject.toml")],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_contract_holds() -> None:
    result = lint(SRC)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.fixture(scope="module")
def copied_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("contracts") / "src"
    shutil.copytree(SRC, copy, ignore=shutil.ignore_patterns("__pycache__", "templates", "static"))
    return copy


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_contract_notices_the_import_it_forbids(contract: str, copied_source: Path) -> None:
    file, line = VIOLATIONS[contract]
    path = copied_source / file
    original = path.read_text()
    path.write_text(f"{original}\n{line}\n")
    try:
        assert f"{contract} BROKEN" in lint(copied_source).stdout
    finally:
        path.write_text(original)


def test_every_contract_has_its_violation() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert pyproject.count("[[tool.importlinter.contracts]]") == len(VIOLATIONS)
    assert all(f'name = "{contract}"' in pyproject for contract in VIOLATIONS)
