"""The demo's data folder: ours or not, held by one demo at a time, emptied only when it is surely ours."""

import os
import shutil
from pathlib import Path

from khata.cli import embedded_postgres
from khata.cli.errors import Misconfigured, folder_trouble
from khata.cli.locks import FolderLock

MARKER = ".khata-demo"
LOCK = "demo.lock"


def default_folder() -> Path:
    """Root's demo belongs to the machine, everybody else's to the person."""
    if os.geteuid() == 0:
        return Path("/var/lib/khata/demo")
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "khata" / "demo"


def claim(folder: Path, *, is_fresh: bool) -> FolderLock:
    """Make or take over the folder and hold it; `is_fresh` empties it first.

    A folder that is neither empty nor an earlier demo's is left alone.
    Raises `FolderInUse`, `Misconfigured`, `DiskFull`.
    """
    try:
        _require_ours(folder)
        lock = FolderLock(folder / LOCK)
        if is_fresh:
            embedded_postgres.end_orphan(folder)
            _empty(folder)
        (folder / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise folder_trouble(folder, error) from error
    return lock


def _require_ours(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / MARKER).exists():
        return
    if any(folder.iterdir()):
        raise Misconfigured(f"{folder} is neither empty nor the data folder of a demo: name another with --data-dir.")
    folder.chmod(0o700)  # It is empty and will hold passwords.
    (folder / MARKER).touch()


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name in (MARKER, LOCK):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
