"""`make demo-check`: the demo once, without a terminal; then nothing of it may be left."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from compose.processes import wait_for
from tests.support.processes import working_in


def main() -> int:
    """Run the demo and look for what it left; the exit code."""
    with tempfile.TemporaryDirectory(prefix="mlvitals-check-") as name:
        folder = Path(name)
        command = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "compose.demo"]
        env = os.environ | {"TMPDIR": name}
        with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as demo:
            for line in demo.stdout or ():
                print(line, end="", flush=True)
        problems = [f"the demo's exit code is {demo.returncode}"] if demo.returncode else []
        if not wait_for(lambda: not working_in(folder), 10):
            problems.append(f"still running: {'; '.join(working_in(folder))}")
        if files := sorted(path.name for path in folder.iterdir()):
            problems.append(f"left in the temporary folder: {', '.join(files)}")
    for problem in problems:
        print(f"  ✗ {problem}", file=sys.stderr)
    if not problems:
        print("  ✓ nothing is left running, no file is left")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
