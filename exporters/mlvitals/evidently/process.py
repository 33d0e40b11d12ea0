"""Runs a job in a worker process, within its time and its memory.

RLIMIT_AS would not do: pyarrow reserves far more address space than it uses. So the resident memory is looked at, a few
times a second, and a worker that has too much is ended.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import structlog
from pydantic import ValidationError

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.evidently.failures import raised
from mlvitals.evidently.job import Job, Message
from mlvitals.evidently.memory import resident_memory
from mlvitals.evidently.results import Failed, Outcome, Progress, Step

log = structlog.get_logger()

MODULE = "mlvitals.evidently.worker"
_ENVIRONMENT = {"DO_NOT_TRACK": "1"} | dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
"""One processor for each worker: how many there are at once, `workers` says. Arrow goes by OMP_NUM_THREADS, too."""
_NICER = 10
_KILLED_FIRST = "1000"
_LOOK_AGAIN = 0.1
_MAX_MESSAGES = 64 << 20
"""Bytes that a worker may tell, a report among them."""
_LAST_WORDS = 4096


def run(job: Job, deadline: Deadline, heard: Callable[[Progress], None] = lambda _: None) -> Outcome:
    """What the worker found out. Raises UpstreamError; the worker has ended by then, whatever happens."""
    answer = _Answer(job)
    with _worker(job, deadline) as worker:
        try:
            for message in worker.messages(int(job.settings.memory_limit)):
                if message.progress:
                    heard(message.progress)
                answer.take(message)
            return answer.whole() or answer.without(worker.last_words(job.dataset.name), worker.most)
        except UpstreamError as error:
            return answer.without(error, worker.most)


class _Answer:
    """What a worker told of its job so far, and what is still to be done with the numbers."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._outcome: Outcome | None = None
        self._left: list[Step] = []

    def whole(self) -> Outcome | None:
        """The outcome, when nothing is left to be told."""
        return None if self._left else self._outcome

    def take(self, message: Message) -> None:
        """Hear more. Raises UpstreamError when the worker says that it failed."""
        if message.failed:
            raise raised(message.failed)
        if message.outcome:
            self._outcome = message.outcome
            self._left = list(self._job.steps(message.outcome))
        if self._outcome and (handed := message.handed) and handed.step in self._left:
            self._left.remove(handed.step)
            html = handed.html or self._outcome.html
            more = {handed.step: handed.failed, "html": html, "peak_memory": handed.peak_memory}
            self._outcome = self._outcome.model_copy(update=more)

    def without(self, error: UpstreamError, memory: int) -> Outcome:
        """The numbers, where they were told: what is left was not done for this reason. Raises it otherwise."""
        if self._outcome is None:
            raise error
        failed = Failed(reason=error.reason, message=str(error))
        peak = max(self._outcome.peak_memory or 0, memory) or None
        return self._outcome.model_copy(update={**dict.fromkeys(self._left, failed), "peak_memory": peak})


@contextlib.contextmanager
def _worker(job: Job, deadline: Deadline) -> Iterator[_Worker]:
    # -P: or a module in the current folder would be imported instead of a library's.
    command = [sys.executable, "-P", "-m", MODULE]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
    environment = {**os.environ, **_ENVIRONMENT}
    with (
        tempfile.TemporaryFile() as errors,
        # A session of its own: Ctrl-C in a terminal is for the exporter, which ends the worker.
        subprocess.Popen(command, stderr=errors, env=environment, start_new_session=True, **pipes) as process,
    ):
        _give_way(process.pid)
        deadline.on_expire(process.kill)
        try:
            # One that ended at once has last words that say why.
            with contextlib.suppress(BrokenPipeError):
                _write(cast(IO[bytes], process.stdin), pickle.dumps(job))
            yield _Worker(process, errors, deadline)
        finally:
            process.kill()


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    deadline: Deadline
    most: int = 0
    """Most resident bytes that were seen."""

    def messages(self, limit: int) -> Iterator[Message]:
        """What it tells, until it ends. Raises UpstreamError when it takes more than its share."""
        out = cast(IO[bytes], self.process.stdout).fileno()
        told, rest = 0, bytearray()
        while True:
            self._within(limit)
            if not select.select([out], [], [], _LOOK_AGAIN)[0]:
                continue
            part = os.read(out, 1 << 20)
            if not part:
                return
            told += len(part)
            if told > _MAX_MESSAGES:
                raise UpstreamError("limit", f"the worker answered more than {_MAX_MESSAGES >> 20} MiB")
            *ends, begun = part.split(b"\n")
            for end in ends:
                yield _message(bytes(rest + end))
                rest.clear()
            rest += begun

    def last_words(self, dataset: str) -> UpstreamError:
        """Why it ended before its answer was whole."""
        self.deadline.remaining()
        code = self.process.wait()
        self.errors.seek(max(0, self.errors.seek(0, os.SEEK_END) - _LAST_WORDS))
        log.error("worker ended", dataset=dataset, code=code, said=_tail(self.errors.read()))
        if code == -signal.SIGKILL:
            return UpstreamError("limit", "the worker was killed, perhaps because the machine had no memory left")
        return UpstreamError("internal", f"the worker ended with {code}; the log has the details")

    def _within(self, limit: int) -> None:
        self.deadline.remaining()
        used = resident_memory(self.process.pid)
        self.most = max(self.most, used)
        if used > limit:
            have = f"{used >> 20:,} MiB of memory; memory_limit is {limit >> 20:,} MiB"
            raise UpstreamError("limit", f"the computation took {have}: lower row_limit or raise memory_limit")


def _write(pipe: IO[bytes], data: bytes) -> None:
    """All of it: a signal may end a call in the middle."""
    rest = memoryview(data)
    while rest:
        rest = rest[pipe.write(rest) :]


def _give_way(pid: int) -> None:
    """Scrapes come first; and when the machine has no memory left, the worker goes and the exporter stays."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICER)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(_KILLED_FIRST)


def _message(line: bytes) -> Message:
    try:
        return Message.model_validate_json(line)
    except ValidationError:
        raise UpstreamError("internal", "the worker answered what is no message") from None


def _tail(said: bytes) -> str:
    return plain(said.decode(errors="replace").strip()[-300:])
