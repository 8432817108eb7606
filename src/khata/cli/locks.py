"""One Khata per data folder: a lock that ends with the process that holds it, however it ends."""

import fcntl
import os
from pathlib import Path

from khata.cli.errors import FolderInUse


class FolderLock:
    """An flock(2) on a file. The file also remembers who holds it, so that the next holder can see a crash.

    Released by `release()`; the kernel releases it too when the process dies, and then `was_abandoned` is true for
    the next one.
    """

    __slots__ = ("_fd", "was_abandoned")

    def __init__(self, path: Path) -> None:
        """Take the lock at once or raise `FolderInUse`."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        holder = os.pread(self._fd, 20, 0).decode()
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise FolderInUse(f"Another Khata (process {holder or '?'}) already runs on {path.parent}.") from None
        self.was_abandoned = bool(holder)
        self._write(str(os.getpid()))

    def release(self) -> None:
        self._write("")
        os.close(self._fd)

    def _write(self, holder: str) -> None:
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, holder.encode(), 0)
