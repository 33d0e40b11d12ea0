"""`make demo-check` shows that the demo does what it says; here, that it ends however it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from compose.processes import wait_for
from tests.support.processes import working_in

pytestmark = pytest.mark.live

PROGRAMS = (
    *("airflow api_server", "airflow scheduler", "airflow dag-processor", "airflow triggerer"),
    *("mlflow", "compose.training", "mlvitals", "prometheus", "alertmanager", "NameNode", "DataNode"),
)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_nothing_is_left_when_it_is_ended_halfway(number: signal.Signals, code: int, tmp_path: Path) -> None:
    command, env = [sys.executable, "-m", "compose.demo"], os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if "Alertmanager" in line:
                break
        running = " ".join(working_in(tmp_path))
        assert [name for name in PROGRAMS if name not in running] == []
        demo.send_signal(number)
        demo.stdout.read()
    assert demo.returncode == code
    assert wait_for(lambda: not working_in(tmp_path), 20), working_in(tmp_path)
    if number != signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []
