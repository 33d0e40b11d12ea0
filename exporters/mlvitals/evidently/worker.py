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
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TextIO

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.evidently.config import MLFLOW
from mlvitals.evidently.engine import Engine, Tell, sampled
from mlvitals.evidently.job import EngineName, Job, Message
from mlvitals.evidently.memory import peak_memory
from mlvitals.evidently.plan import SIDES
from mlvitals.evidently.reading import read_all, resolve
from mlvitals.evidently.results import Failed, Outcome, Progress, Results


def main() -> None:
    """Do the job of standard input. Exits 0 whenever it could say how it ended."""
    messages = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the exporter that started this process
    threading.Thread(target=_end_with_the_exporter, daemon=True).start()
    for message in _answers(job, lambda progress: _tell(messages, Message(progress=progress))):
        _tell(messages, message)


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
        matches=samples["current"].matches,
        results=results.model_copy(update={"dropped_columns": dropped}),
        peak_memory=peak_memory("self"),
    )


def _answers(job: Job, tell: Tell) -> Iterator[Message]:
    """The numbers first: what is done with them then may take long, or fail."""
    done = _done(job, tell)
    yield done
    if done.outcome and done.outcome.results and (job.html or job.settings.workspace):
        yield from _handed_on(job, done.outcome, done.outcome.results)


def _handed_on(job: Job, outcome: Outcome, results: Results) -> Iterator[Message]:
    # What speaks of Evidently is not imported before an unchanged data set is known to be one.
    from mlvitals.evidently.workspace.snapshot import Run, snapshot

    dataset = job.dataset
    named = MLFLOW.fullmatch(dataset.reference.path)
    version = outcome.reads["reference"].model_version
    run = Run(dataset.name, results, time.time(), dataset.drift.share, named and named["model"], version)
    if job.html:
        yield Message(html=snapshot(replace(run, results=_harmless(results))).get_html_str(as_iframe=False))
    if store := job.settings.workspace:
        # With Evidently's own workspaces, which not every computation needs.
        from mlvitals.evidently.workspace.write import try_to_write

        yield Message(not_written=try_to_write(run, store, job.settings, Deadline(job.seconds)))


def _harmless(results: Results) -> Results:
    """With names that end no script: Evidently writes them into one as they are."""
    return Results.model_validate_json(results.model_dump_json().replace("</", "< /").replace("<!--", "< !--"))


def _done(job: Job, tell: Tell) -> Message:
    try:
        return Message(outcome=compute(job, tell))
    except UpstreamError as error:
        return Message(failed=Failed(reason=error.reason, message=str(error)))
    except MemoryError:
        return Message(failed=Failed(reason="limit", message="there was not enough memory"))
    except Exception as error:
        # What an error says may repeat data; its kind and place do not.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
        return Message(failed=Failed(reason="internal", message=plain(where)))


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
