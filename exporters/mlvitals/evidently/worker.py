"""The worker process: reads both sides of one data set and computes it. It alone imports Evidently, pandas and pyarrow.

    python -m mlvitals.evidently.worker

The job is read from standard input, which stays open: when it ends, so has the exporter, and the worker ends too.
Messages go to what was standard output; whatever a library prints goes to standard error.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from mlvitals.core.collector import Deadline
from mlvitals.evidently.config import MLFLOW, Dataset
from mlvitals.evidently.engine import Engine, Tell, sampled
from mlvitals.evidently.failures import failed
from mlvitals.evidently.job import EngineName, Job, Message
from mlvitals.evidently.memory import peak_memory
from mlvitals.evidently.plan import SIDES
from mlvitals.evidently.reading import read_all, resolve
from mlvitals.evidently.results import Failed, Handed, Outcome, Progress, Results, Step

if TYPE_CHECKING:  # What speaks of Evidently is not imported before an unchanged data set is known to be one.
    from mlvitals.evidently.workspace.snapshot import Run


def main() -> None:
    """Do the job of standard input. Exits 0 whenever it could say how it ended."""
    messages = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the exporter that started this process
    threading.Thread(target=_end_with_the_exporter, daemon=True).start()
    for message in _answers(job, lambda progress: _tell(messages, Message(progress=progress))):
        _tell(messages, message)


def compute(job: Job, deadline: Deadline, tell: Tell) -> Outcome:
    """Read and score one data set. Raises UpstreamError."""
    dataset, settings = job.dataset, job.settings
    tell(Progress(step="looking for files"))
    # Current data first: that there is none is told even when there is no reference either.
    found = {side: resolve(side, dataset, settings, deadline) for side in reversed(SIDES)}
    listings = {side: found[side] for side in SIDES}
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
    deadline = Deadline(job.seconds)
    done = _done(job, deadline, tell)
    yield done
    if done.outcome:
        numbers = job.last if done.outcome.unchanged else done.outcome
        for step in job.steps(done.outcome):
            yield Message(handed=_handed(step, job, numbers or done.outcome, deadline, tell))


def _done(job: Job, deadline: Deadline, tell: Tell) -> Message:
    try:
        return Message(outcome=compute(job, deadline, tell))
    except Exception as error:
        return Message(failed=failed(error))


def _handed(step: Step, job: Job, outcome: Outcome, deadline: Deadline, tell: Tell) -> Handed:
    wrong, html = None, None
    try:
        if step == "not_written":
            tell(Progress(step="writing the run"))
            wrong = _written(job, outcome, deadline)
        else:
            tell(Progress(step="drawing the report"))
            html = _drawn(job, outcome)
    except Exception as error:
        wrong = failed(error)
    return Handed(step=step, failed=wrong, html=html, peak_memory=peak_memory("self"))


def _written(job: Job, outcome: Outcome, deadline: Deadline) -> Failed | None:
    # With Evidently's own workspaces, which not every computation needs.
    from mlvitals.evidently.workspace.write import try_to_write

    store = job.settings.workspace
    return try_to_write(_run(job, outcome), store, job.settings, deadline) if store else None


def _drawn(job: Job, outcome: Outcome) -> str:
    from mlvitals.evidently.workspace.snapshot import snapshot

    made = _run(job, outcome)
    html: str = snapshot(replace(made, results=_harmless(made.results))).get_html_str(as_iframe=False)
    return html


def _run(job: Job, outcome: Outcome) -> Run:
    from mlvitals.evidently.workspace.snapshot import Run

    dataset, results = job.dataset, outcome.results or Results(columns=(), overview={})
    named = MLFLOW.fullmatch(dataset.reference.path)
    version = outcome.reads["reference"].model_version
    model = named and named["model"]
    return Run(dataset.name, results, time.time(), dataset.drift.share, model, version, _identity(dataset, outcome))


def _identity(dataset: Dataset, outcome: Outcome) -> str:
    """The same for what was computed of the same files by the same plan."""
    read = [outcome.reads[side].identity for side in SIDES]
    told = json.dumps([dataset.model_dump_json(exclude={"objectives"}), *read])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _harmless(results: Results) -> Results:
    """With names that end no script: Evidently writes them into one as they are."""
    return Results.model_validate_json(results.model_dump_json().replace("</", "< /").replace("<!--", "< !--"))


def engine(name: EngineName) -> Engine:
    """The engine of that name."""
    from mlvitals.evidently.engine.evidently import EvidentlyEngine

    engines: Mapping[EngineName, type[Engine]] = {"evidently": EvidentlyEngine}
    return engines[name]()


def _end_with_the_exporter() -> None:
    # Not sys.stdin: Python aborts at its end when a thread has the lock of its buffer.
    os.read(0, 1)
    os._exit(1)


def _tell(messages: TextIO, message: Message) -> None:
    messages.write(message.model_dump_json(exclude_defaults=True) + "\n")
    messages.flush()


if __name__ == "__main__":
    main()
