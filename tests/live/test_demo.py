"""`make demo-check` shows that the demo does what it says; here, that it ends however it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from compose.check import MARK, marked
from compose.processes import wait_for

pytestmark = pytest.mark.live


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_nothing_is_left_when_it_is_ended_halfway(number: signal.Signals, code: int, tmp_path: Path) -> None:
    mark = str(uuid.uuid4())
    env = os.environ | {MARK: mark, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "compose.demo"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if "Alertmanager" in line:
                break
        running = " ".join(marked(f"{MARK}={mark}"))
        assert all(name in running for name in ("mlflow", "compose.training", "mlvitals", "prometheus", "alertmanager"))
        demo.send_signal(number)
        demo.stdout.read()
    assert demo.returncode == code
    assert wait_for(lambda: not marked(f"{MARK}={mark}"), 20), marked(f"{MARK}={mark}")
    if number != signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []
