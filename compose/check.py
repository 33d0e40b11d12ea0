"""`make demo-check`: the demo once, without a terminal; then nothing of it may be left."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

from compose.processes import wait_for

MARK = "MLVITALS_DEMO_CHECK"


def main() -> int:
    """Run the demo and look for what it left; the exit code."""
    mark = f"{MARK}={uuid.uuid4()}"
    with tempfile.TemporaryDirectory(prefix="mlvitals-check-") as folder:
        env = os.environ | dict([mark.split("=")]) | {"TMPDIR": folder}
        command = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "compose.demo"]
        with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as demo:
            for line in demo.stdout or ():
                print(line, end="", flush=True)
        problems = [f"the demo's exit code is {demo.returncode}"] if demo.returncode else []
        if not wait_for(lambda: not marked(mark), 10):
            problems.append(f"still running: {'; '.join(marked(mark))}")
        if files := sorted(path.name for path in Path(folder).iterdir()):
            problems.append(f"left in the temporary folder: {', '.join(files)}")
    for problem in problems:
        print(f"  ✗ {problem}", file=sys.stderr)
    if not problems:
        print("  ✓ nothing is left running, no file is left")
    return 1 if problems else 0


def marked(mark: str) -> list[str]:
    """Command lines of this user's processes whose environment has the mark, `NAME=value`."""
    return [line for path in Path("/proc").glob("[0-9]*") if (line := _command(path, f"{mark}\0".encode()))]


def _command(process: Path, mark: bytes) -> str:
    try:
        if mark in (process / "environ").read_bytes():
            return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        pass  # it ended, or belongs to somebody else
    return ""


if __name__ == "__main__":
    sys.exit(main())
