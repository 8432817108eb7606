"""Programs that start something and are then killed: what they leave behind is what the tests look at."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from khata.cli import leash

NO_LEASH = "leash.tie = lambda *_: None"
WATCHED_FROM_BESIDE = "leash.tie = leash.watch_from_beside"

LEASH_WITH = """
import sys, types
leash = types.ModuleType("leash")
exec(open({path!r}).read(), leash.__dict__)
{change}
leash.main(sys.argv[1:])
"""


def altered_leash(folder: Path, change: str) -> Path:
    """A leash like ours but for one thing, as a program."""
    program = folder / "altered_leash.py"
    program.write_text(LEASH_WITH.format(path=leash.__file__, change=change))
    return program


@contextmanager
def starter(program: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Runs `program` (which prints one line and then stays) and gives the words it printed."""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().split()
        finally:
            process.send_signal(signal.SIGKILL)
