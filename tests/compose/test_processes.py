"""Child processes: started, ended, never left behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from compose import processes
from compose.processes import Server, ServerError, free_port, wait_for


def _shell(name: str, script: str, folder: Path) -> Server:
    return Server(name, ["sh", "-c", script], folder, (folder / "ready").exists)


def _state(pid: int) -> str:
    """T when it is stopped, Z when it has ended and is not waited for, empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def _gone(pid: int) -> bool:
    return _state(pid) in ("Z", "")


def test_one_that_ends_at_once_shows_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerError, match=r"broken ended at once\nno such file: x"),
        _shell("broken", "echo no such file: x; exit 3", tmp_path),
    ):
        pass


def test_one_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    server = _shell("slow", f"echo $$ > {tmp_path}/pid; echo still loading; exec sleep 600", tmp_path)
    server.start()
    with pytest.raises(ServerError, match=r"slow is not ready after 1 s\nstill loading"):
        server.wait_until_ready(patience=1)
    server.stop()
    assert _gone(int((tmp_path / "pid").read_text()))


def test_one_that_ignores_sigterm_is_killed_with_its_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    script = f"trap '' TERM; sleep 600 & echo $! > {tmp_path}/worker; touch ready; wait; wait"
    with _shell("stubborn", script, tmp_path) as server:
        assert server.alive()
    assert not server.alive()
    assert wait_for(lambda: _gone(int((tmp_path / "worker").read_text())), 10)


@pytest.mark.parametrize("apart", ["os.setpgid(0, 0)", "os.setsid()"])
def test_workers_in_a_group_or_session_of_their_own_are_frozen_and_ended_too(tmp_path: Path, apart: str) -> None:
    worker = f"import os, time; {apart}; open('worker', 'w').write(str(os.getpid())); time.sleep(600)"
    with _shell("apart", f'{sys.executable} -c "{worker}" & touch ready; wait', tmp_path) as server:
        assert wait_for(lambda: (tmp_path / "worker").exists() and (tmp_path / "worker").read_text() != "", 10)
        pid = int((tmp_path / "worker").read_text())
        server.send(signal.SIGSTOP)
        assert wait_for(lambda: _state(pid) == "T", 10)
    assert wait_for(lambda: _gone(pid), 10)


def test_it_is_ended_by_the_signal_that_it_wants(tmp_path: Path) -> None:
    # Not a shell: it cannot trap what it was started to ignore, as SIGINT is in the background of another shell.
    script = """
        import signal, sys
        from pathlib import Path

        def end(number, frame):
            Path("how").write_text(signal.Signals(number).name)
            sys.exit()

        signal.signal(signal.SIGINT, end)
        signal.signal(signal.SIGTERM, end)
        Path("ready").touch()
        while True:
            signal.pause()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with Server("picky", command, tmp_path, (tmp_path / "ready").exists, ended_by=signal.SIGINT):
        pass
    assert (tmp_path / "how").read_text() == "SIGINT"


def test_when_the_parent_is_killed_the_child_ends(tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        textwrap.dedent(f"""
            import time
            from pathlib import Path
            from compose.processes import Server
            folder = Path({str(tmp_path)!r})
            with Server("child", ["sh", "-c", "echo $$ > pid; exec sleep 600"], folder, (folder / "pid").exists):
                time.sleep(600)
        """)
    )
    with subprocess.Popen([sys.executable, parent], env={"PYTHONPATH": "."}) as process:
        assert wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "", 30)
        process.send_signal(signal.SIGKILL)
    assert wait_for(lambda: _gone(int((tmp_path / "pid").read_text())), 10)


def test_a_free_port_can_be_bound_and_is_not_handed_out_again() -> None:
    port = free_port()
    others = set()
    for _ in range(50):
        with socket.create_server(("127.0.0.1", 0)) as other:
            others.add(other.getsockname()[1])
    assert port not in others
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_waiting_ends() -> None:
    start = time.monotonic()
    assert not wait_for(lambda: False, 0.1)
    assert time.monotonic() - start >= 0.1
