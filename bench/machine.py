"""What the figures were measured on."""

import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg

BUSY_LOAD_PER_CORE = 0.25
MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs")


@dataclass(frozen=True, slots=True)
class Machine:
    """`load` is the load average of the minute before the first line."""

    measured_at: str
    processor: str
    cores_count: int
    memory_gb: float
    file_system: str
    system: str
    python: str
    postgresql: str
    load: float

    def warnings(self) -> list[str]:
        """What makes the figures worth less."""
        found = []
        if self.load > BUSY_LOAD_PER_CORE * self.cores_count:
            found.append(
                f"The machine was busy: load {self.load:.2f} on {self.cores_count} cores before the first line."
            )
        if self.file_system in MEMORY_FILE_SYSTEMS:
            found.append("The data is in memory: commits cost nothing here. Name a folder on a disk with TMPDIR.")
        return found

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "warnings": self.warnings()}

    def __str__(self) -> str:
        return (
            f"{self.measured_at} · {self.processor}, {self.cores_count} cores, {self.memory_gb:.0f} GB, "
            f"{self.file_system} · {self.system} · Python {self.python} · PostgreSQL {self.postgresql} · "
            f"load {self.load:.2f}"
        )


def machine(database_url: str, folder: Path) -> Machine:
    """This machine, with the server behind the URL and the file system its data lies on."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute("show server_version").fetchone()
    assert row is not None
    return Machine(
        measured_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        processor=_processor(),
        cores_count=os.cpu_count() or 1,
        memory_gb=psutil.virtual_memory().total / 2**30,
        file_system=_file_system(folder),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        postgresql=str(row[0]).split()[0],
        load=os.getloadavg()[0],
    )


def _processor() -> str:
    """Only Linux tells the model's name in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _file_system(folder: Path) -> str:
    """Of the longest mount point above the folder."""
    mounts = {Path(part.mountpoint): str(part.fstype) for part in psutil.disk_partitions(all=True)}
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount)]
    return mounts[max(above, key=lambda mount: len(mount.parts))] if above else "unknown"
