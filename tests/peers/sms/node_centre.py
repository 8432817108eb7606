"""farhadi/node-smpp, from npm's registry into a folder that is gone afterwards."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.peers.sms.missing import PeerMissing
from tests.peers.sms.tour import centre, walk

SOURCE = Path(__file__).with_name("node")


def run() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise PeerMissing("node and npm")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
        install = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(install, cwd=folder, check=True)
        with centre(["node", "message_centre.mjs"], Path(folder)) as found:
            walk(found)
