"""Runs the tour of the official Node SDK against a gateway of its own: `python -m tests.peers.node_tour`.

Needs node and npm; the SDK comes from npm's registry into a folder that is gone afterwards.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.sandbox.gateway.gateway_process import GatewayProcess
from tests.sandbox.gateway.merchant import KEY_ID, KEY_SECRET

SDK = "razorpay@2.9.8"
TOUR = Path(__file__).with_name("razorpay_node_tour.mjs")


def main() -> int:
    if not (shutil.which("node") and shutil.which("npm")):
        print("Skipped: the Node tour needs node and npm.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", SDK]
        subprocess.run(install, cwd=folder, check=True)
        with GatewayProcess(Path(folder) / "gateway") as far_end:
            walk = ["node", str(TOUR), far_end.url, KEY_ID, KEY_SECRET]
            return subprocess.run(walk, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
