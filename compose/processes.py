"""Child processes that end with their parent, whatever happens to it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

PATIENCE = 180.0
GRACE = 10.0


class ServerError(Exception):
    """A server of the stack did not start or did not do what it is there for; the message ends with its log."""


class Server:
    """A server in a session of its own, its output in `<folder>/<name>.log`; the signal `ended_by` asks it to end.

    It may be stopped and started again. When the thread that started it dies, even by SIGKILL, the kernel sends the
    server that signal.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        ready: Callable[[], bool],
        env: Mapping[str, str] | None = None,
        ended_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.ended_by = ended_by
        self._command = ["setpriv", "--pdeathsig", ended_by.name.removeprefix("SIG"), *map(str, command)]
        self._folder = folder
        self._ready = ready
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and do not wait for it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self, patience: float = PATIENCE) -> None:
        """Wait until it serves. Raises ServerError when it ends first or is not ready after `patience` seconds."""
        if not wait_for(lambda: not self.alive() or self._ready(), patience):
            raise ServerError(f"{self.name} is not ready after {patience:g} s\n{tail(self.log)}")
        if not self.alive():
            raise ServerError(f"{self.name} ended at once\n{tail(self.log)}")

    @property
    def pid(self) -> int:
        """Of its first process. Raises ServerError when it was not started."""
        if self._process is None:
            raise ServerError(f"{self.name} does not run")
        return self._process.pid

    def alive(self) -> bool:
        """True while its first process lives."""
        return self._process is not None and self._process.poll() is None

    def family(self) -> set[int]:
        """Ids of the server's process and of every process that it or one of those started, but for what has ended.

        Servers give their workers process groups (Airflow's tasks) or sessions (PostgreSQL's) of their own. A worker
        that has left the session and whose parent has ended is not found.
        """
        living = {pid: (parent, session) for pid, parent, session in _processes()}
        family = {pid for pid, (_, session) in living.items() if session == self.pid}
        while more := {pid for pid, (parent, _) in living.items() if parent in family} - family:
            family |= more
        return family

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server and all of its family."""
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the server and all of its family by SIGSTOP while the block runs."""
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    def wait(self, patience: float = PATIENCE) -> int:
        """Its exit status once it has ended by itself. Raises subprocess.TimeoutExpired after `patience` seconds."""
        assert self._process is not None
        return self._process.wait(patience)

    def stop(self) -> None:
        """End its family: `ended_by`, and SIGKILL for what is left when the first process has ended or is late."""
        if self._process is None:
            return
        self.send(self.ended_by)
        self.send(signal.SIGCONT)  # a stopped process cannot act on it
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE)
        finally:
            wait_for(self._killed, GRACE)
            self._process.wait()
            self._process = None

    def _killed(self) -> bool:
        """Whether nothing was left to be killed: what starts processes while it is killed needs another time."""
        self.send(signal.SIGKILL)
        return not self.family()


@contextlib.contextmanager
def all_ended(servers: Collection[Server]) -> Iterator[None]:
    """End them side by side when the block ends: each may take seconds."""
    with contextlib.ExitStack() as ended:
        for server in servers:
            ended.callback(server.stop)
        try:
            yield
        finally:
            for server in servers:
                if server.alive():
                    server.send(server.ended_by)


def _processes() -> Iterator[tuple[int, int, int]]:
    """Id, parent and session of every process that lives."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent, _, session = stat.read_text(errors="replace").rpartition(")")[2].split()[:4]
            if state != "Z":
                yield int(stat.parent.name), int(parent), int(session)


@contextlib.contextmanager
def background(
    name: str, command: Sequence[str | Path], folder: Path, env: Mapping[str, str], cwd: Path
) -> Iterator[Callable[[], None]]:
    """Run a command in `cwd` beside what follows, its output in `<folder>/<name>.log`; at the end it is killed.

    Yields a function that waits until it has ended. That raises ServerError when it fails or takes PATIENCE seconds.
    """
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def finish() -> None:
        if not wait_for(lambda: process.poll() is not None, PATIENCE) or process.returncode:
            raise ServerError(f"{name} failed\n{tail(log)}")

    try:
        yield finish
    finally:
        process.kill()
        process.wait()


def output(command: Sequence[str | Path], env: Mapping[str, str], stdin: str = "") -> str:
    """What a command prints. Raises ServerError with what it says when it fails."""
    run = subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, check=False)
    if run.returncode:
        raise ServerError(f"{' '.join(map(str, command))} failed:\n{run.stdout}{run.stderr}")
    return run.stdout.strip()


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def wait_for(condition: Callable[[], bool], patience: float, every: float = 0.05) -> bool:
    """Ask until the condition holds, for at most `patience` seconds; whether it came to hold."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def answers(url: str, auth: tuple[str, str] | None = None) -> bool:
    """Whether a GET of the URL gives 200."""
    try:
        return requests.get(url, auth=auth, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def free_port() -> int:
    """A free port on loopback that the system hands to nobody else for a minute.

    A connection that was closed on the accepting side leaves the port in TIME_WAIT: servers may bind it (they set
    SO_REUSEADDR), the system does not choose it again.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            accepted.close()
    return int(port)
