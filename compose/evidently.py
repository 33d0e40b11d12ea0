"""A real server of Evidently's UI over a workspace in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.processes import Server, answers, free_port


@contextmanager
def evidently_ui(workspace: Path, secret: str = "") -> Iterator[str]:
    """Run Evidently's UI over the workspace and yield its URL once it answers, some 5 s later.

    With `secret`, writing needs it. It knows the snapshots that were there when it started and those that are sent to
    it. Its log is beside the workspace.
    """
    port = free_port()
    command = [sys.executable, "-m", "evidently.cli", "ui", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workspace", str(workspace), *(["--secret", secret] if secret else [])]
    # It posts what people do to a server of its makers, in the clear.
    env = {**os.environ, "DO_NOT_TRACK": "1"}
    url = f"http://127.0.0.1:{port}"
    with Server("evidently-ui", command, workspace.parent, lambda: answers(f"{url}/api/version"), env):
        yield url
