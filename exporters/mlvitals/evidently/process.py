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
from typing import IO, Any, cast

import structlog
from pydantic import ValidationError

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.evidently.job import Job, Message
from mlvitals.evidently.memory import resident_memory
from mlvitals.evidently.results import Failed, Outcome, Progress

log = structlog.get_logger()

MODULE = "mlvitals.evidently.worker"
_LOOK_AGAIN = 0.1
_MAX_MESSAGES = 64 << 20
"""Bytes that a worker may tell, a report among them."""
_LAST_WORDS = 4096
_MIB = 1 << 20


def run(job: Job, deadline: Deadline, heard: Callable[[Progress], None] = lambda _: None) -> Outcome:
    """What the worker found out. Raises UpstreamError; the worker has ended by then, whatever happens."""
    outcome: Outcome | None = None
    with _worker(job, deadline) as worker:
        try:
            for message in worker.messages(int(job.settings.memory_limit)):
                if message.progress:
                    heard(message.progress)
                outcome = _taken(outcome, message)
        except UpstreamError as error:
            if outcome is None:
                raise
            # The numbers are there; what was to be done with them was not, or not in time.
            return outcome.model_copy(update={"not_written": Failed(reason=error.reason, message=str(error))})
        if outcome is None:
            raise UpstreamError("internal", worker.last_words(job.dataset.name))
    return outcome


def _taken(outcome: Outcome | None, message: Message) -> Outcome | None:
    if message.failed:
        raise UpstreamError(message.failed.reason, message.failed.message)
    more = {name: told for name in ("html", "not_written") if (told := getattr(message, name)) is not None}
    return message.outcome or (outcome.model_copy(update=more) if outcome and more else outcome)


@contextlib.contextmanager
def _worker(job: Job, deadline: Deadline) -> Iterator[_Worker]:
    # -P: or a module in the current folder would be imported instead of a library's.
    command = [sys.executable, "-P", "-m", MODULE]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
    environment = {**os.environ, "DO_NOT_TRACK": "1"}
    with (
        tempfile.TemporaryFile() as errors,
        # A session of its own: Ctrl-C in a terminal is for the exporter, which ends the worker.
        subprocess.Popen(command, stderr=errors, env=environment, start_new_session=True, **pipes) as process,
    ):
        deadline.on_expire(process.kill)
        try:
            # One that ended at once has last words that say why.
            with contextlib.suppress(BrokenPipeError):
                cast(IO[bytes], process.stdin).write(pickle.dumps(job))
            yield _Worker(process, errors, deadline)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    deadline: Deadline

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

    def last_words(self, dataset: str) -> str:
        """Why it ended without an answer."""
        self.deadline.remaining()
        code = self.process.wait()
        self.errors.seek(max(0, self.errors.seek(0, os.SEEK_END) - _LAST_WORDS))
        log.error("worker ended", dataset=dataset, code=code, said=_tail(self.errors.read()))
        if code == -signal.SIGKILL:
            raise UpstreamError("limit", "the worker was killed, perhaps because the machine had no memory left")
        return f"the worker ended with {code}; the log has the details"

    def _within(self, limit: int) -> None:
        self.deadline.remaining()
        used = resident_memory(self.process.pid)
        if used > limit:
            have = f"{used / _MIB:,.0f} MiB of memory; memory_limit is {limit / _MIB:,.0f} MiB"
            raise UpstreamError("limit", f"the computation took {have}: lower row_limit or raise memory_limit")


def _message(line: bytes) -> Message:
    try:
        return Message.model_validate_json(line)
    except ValidationError:
        raise UpstreamError("internal", "the worker answered what is no message") from None


def _tail(said: bytes) -> str:
    return plain(said.decode(errors="replace").strip()[-300:])
