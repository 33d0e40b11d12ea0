"""The worker process: reads both sides of one data set and computes it. It alone imports Evidently, pandas and pyarrow.

    python -m mlvitals.evidently.worker

The job is read from standard input, which stays open: when it ends, so has the exporter, and the worker ends too.
Messages go to what was standard output; whatever a library prints goes to standard error.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from typing import TextIO

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.evidently.config import MLFLOW
from mlvitals.evidently.engine import Engine, Tell, sampled
from mlvitals.evidently.job import EngineName, Job, Message
from mlvitals.evidently.memory import peak_memory
from mlvitals.evidently.plan import SIDES
from mlvitals.evidently.reading import read_all, resolve
from mlvitals.evidently.results import Failed, Outcome, Progress


def main() -> None:
    """Do the job of standard input. Exits 0 whenever it could say how it ended."""
    messages = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the exporter that started this process
    threading.Thread(target=_end_with_the_exporter, daemon=True).start()
    _tell(messages, _done(job, lambda progress: _tell(messages, Message(progress=progress))))


def compute(job: Job, tell: Tell) -> Outcome:
    """Read and score one data set. Raises UpstreamError."""
    deadline = Deadline(job.seconds)
    dataset, settings = job.dataset, job.settings
    tell(Progress(step="looking for files"))
    listings = {side: resolve(side, dataset, settings, deadline) for side in SIDES}
    if job.known == {side: listing.identity for side, listing in listings.items()}:
        return Outcome(unchanged=True)
    samples = read_all(listings, dataset, deadline, tell)
    tables = {side: sampled(sample.table, sample.about.rows) for side, sample in samples.items()}
    results = engine(job.engine).score(tables["reference"], tables["current"], dataset, tell)
    dropped = results.dropped_columns + max(sample.dropped for sample in samples.values())
    return Outcome(
        reads={side: sample.about for side, sample in samples.items()},
        results=results.model_copy(update={"dropped_columns": dropped}),
        peak_memory=peak_memory("self"),
    )


def _done(job: Job, tell: Tell) -> Message:
    deadline = Deadline(job.seconds)
    try:
        outcome = compute(job, tell)
        return Message(outcome=outcome.model_copy(update={"not_written": _not_written(job, outcome, tell, deadline)}))
    except UpstreamError as error:
        return Message(failed=Failed(reason=error.reason, message=str(error)))
    except MemoryError:
        return Message(failed=Failed(reason="limit", message="there was not enough memory"))
    except Exception as error:
        # What an error says may repeat data; its kind and place do not.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
        return Message(failed=Failed(reason="internal", message=plain(where)))


def _not_written(job: Job, outcome: Outcome, tell: Tell, deadline: Deadline) -> Failed | None:
    """Write the run into the workspace, where one is configured. The results are told whatever comes of it."""
    store, model = job.settings.workspace, MLFLOW.fullmatch(job.dataset.reference.path)
    if store is None or outcome.results is None:
        return None
    # With Evidently's own workspaces, which not every computation needs.
    from mlvitals.evidently.workspace.snapshot import Run
    from mlvitals.evidently.workspace.write import try_to_write

    tell(Progress(step="writing the run"))
    run = Run(
        job.dataset.name,
        outcome.results,
        time.time(),
        job.dataset.drift.share,
        model["model"] if model else None,
        outcome.reads["reference"].model_version,
    )
    return try_to_write(run, store, job.settings, deadline)


def engine(name: EngineName) -> Engine:
    """The engine of that name."""
    from mlvitals.evidently.engine.evidently import EvidentlyEngine

    engines: Mapping[EngineName, type[Engine]] = {"evidently": EvidentlyEngine}
    return engines[name]()


def _end_with_the_exporter() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _tell(messages: TextIO, message: Message) -> None:
    messages.write(message.model_dump_json(exclude_defaults=True) + "\n")
    messages.flush()


if __name__ == "__main__":
    main()
