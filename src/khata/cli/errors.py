"""Why a command stops: one class per condition, one sentence for people, one exit code for programs."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from khata.kernel.errors import ErrorKind, InvalidRequest, KhataError


class CommandStopped(KhataError):
    """The command could not go on."""

    kind = ErrorKind.UNAVAILABLE
    exit_code: ClassVar[int] = 1


class ProcessFailed(CommandStopped):
    """A process that belongs to Khata ended or did not become ready."""


class Misconfigured(CommandStopped):
    """A setting, a flag or a folder is not usable as it is."""

    kind = ErrorKind.MISCONFIGURED
    exit_code = 2


class FolderInUse(CommandStopped):
    """Another Khata runs on this data folder."""

    kind = ErrorKind.CONFLICT
    exit_code = 3


class PortTaken(CommandStopped):
    """A port that Khata wants to listen on is taken."""

    kind = ErrorKind.CONFLICT
    exit_code = 4


class DiskFull(CommandStopped):
    """The disk is full."""

    exit_code = 5


class DatabaseUnusable(CommandStopped):
    """The database named by DATABASE_URL cannot be used."""

    kind = ErrorKind.MISCONFIGURED
    exit_code = 6


@contextmanager
def one_sentence() -> Iterator[None]:
    """What an operation refuses stops the command with the refusal's own sentence."""
    try:
        yield
    except CommandStopped:
        raise
    except InvalidRequest as error:
        raise Misconfigured(" ".join(problem["detail"] for problem in error.errors)) from None
    except KhataError as error:
        raise CommandStopped(error.detail) from None


def folder_trouble(folder: Path, error: OSError) -> CommandStopped:
    """What the operating system's refusal to use `folder` means for the person who named it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk is full: {folder} cannot be written. Free some space and start again.")
    return Misconfigured(f"The folder {folder} cannot be used: {error.strerror} ({error.filename or folder}).")
