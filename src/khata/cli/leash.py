"""Starts a program on a leash: it is told to end when the process that started it is gone, even by `kill -9`.

`python -I -S leash.py PARENT_PID SIGNAL ACCOUNT PROGRAM [ARGUMENT...]`, where ACCOUNT is `uid:gid` to become first,
or empty. The program replaces this process, so the starter holds it as its direct child.

Run as a file and with the standard library alone: it costs some milliseconds, it may run as another user who cannot
read our packages, and unlike a `preexec_fn` it is safe when the starter has threads.
"""

import ctypes
import os
import sys
import time

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
WATCH_INTERVAL_S = 0.5


def main(arguments: list[str]) -> None:
    """Become ACCOUNT, tie the leash, turn into PROGRAM."""
    parent_pid, signal_number, account, *command = arguments
    if account:
        _become(*(int(part) for part in account.split(":")))
    tie(int(parent_pid), int(signal_number))
    if os.getppid() != int(parent_pid):
        sys.exit("the starter ended before its child began")
    os.execv(command[0], command)  # noqa: S606 - a shell is what we do not want


def tie(parent_pid: int, signal_number: int) -> None:
    """After the change of account, because the kernel forgets a death signal when the account changes."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    else:
        watch_from_beside(parent_pid, signal_number)


def watch_from_beside(parent_pid: int, signal_number: int) -> None:
    """Where the kernel has no death signal: a small process beside the program does the watching."""
    program_pid = os.getpid()
    if os.fork() != 0:
        return
    while os.getppid() == program_pid:
        if not _is_alive(parent_pid):
            os.kill(program_pid, signal_number)
            break
        time.sleep(WATCH_INTERVAL_S)
    os._exit(0)


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
