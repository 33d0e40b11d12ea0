"""The live world as the exporter sees it from each of its sources."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from compose.airflow import AIRFLOW_2
from mlvitals.airflow import EXPORTER
from mlvitals.airflow import metrics as m
from mlvitals.airflow.config import AirflowSettings
from mlvitals.core.collector import Deadline, Snapshot
from tests.live.airflow import expected
from tests.live.airflow.expected import Key
from tests.live.airflow.guide import PASSWORD, ROLE, missing
from tests.live.airflow.world import World
from tests.support.exposition import Samples, sample, samples

SOURCES = ("REST", "database")
Look = Callable[[], Samples]
"""What the same collectors see in one more collection."""


def settings(made: World, source: str, **changes: Any) -> dict[str, Any]:
    """The configuration of an exporter that looks at the world."""
    username, password = made.airflow.viewer
    if source == "REST":
        auth = {"username": username, "password_file": _secret(made, password)}
        where: dict[str, Any] = {"url": made.airflow.url, "auth": auth}
    else:
        url = f"postgresql://127.0.0.1:{made.postgres.port}/airflow"
        where = {"database": {"url": url, "username": ROLE, "password_file": _secret(made, PASSWORD)}}
    return {"name": source.lower(), "type": "airflow", **where, **expected.SETTINGS, **changes}


def _secret(made: World, text: str) -> str:
    """A file that holds it."""
    file = made.folder / f"{hashlib.sha256(text.encode()).hexdigest()}.secret"
    file.write_text(text)
    return str(file)


@contextmanager
def looking(configured: dict[str, Any]) -> Iterator[Look]:
    """Look by an exporter that is configured so."""
    collectors = EXPORTER.build(AirflowSettings.model_validate(configured))

    def look() -> Samples:
        results = [result for collector in collectors for result in collector.collect(Deadline(60))]
        assert [result for result in results if not isinstance(result, Snapshot)] == []
        return samples(*(result for result in results if isinstance(result, Snapshot)))

    try:
        yield look
    finally:
        for collector in collectors:
            collector.close()


def faults(made: World, source: str, seen: Samples) -> list[str]:
    """In words, what is not as it should be on a page; what the guide says that it lacks must be missing."""
    lacks = missing(made.airflow.release, source)
    values, times = _truth(made)
    wanted = {key for key in values.keys() | times if key[0] not in lacks}
    shown = {key: value for key, value in seen.items() if key[0] != str(m.SERVER_INFO)}
    absent = [f"absent: {_words(key)}" for key in wanted - shown.keys()]
    unexpected = [f"not expected: {_words(key)} {shown[key]}" for key in shown.keys() - wanted]
    there = wanted & shown.keys()
    wrong = [f"wrong: {_words(key)} {shown[key]}" for key in there if not _right(key, shown[key], values, made.started)]
    return sorted([*absent, *unexpected, *wrong])


def differences(one: Samples, other: Samples) -> dict[str, str]:
    """Metrics that both have and of which they tell different values, with an example."""
    both = {metric for metric, _ in one} & {metric for metric, _ in other}
    keys = [key for key in one.keys() | other.keys() if key[0] in both]
    different = (key for key in keys if not _same(key[0], one.get(key), other.get(key)))
    return {key[0]: f"{dict(key[1])}: {one.get(key)}, {other.get(key)}" for key in different}


def _same(metric: str, one: float | None, other: float | None) -> bool:
    """Heartbeats go on between two looks; what takes microseconds has times, and a duration, of several clocks."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < (60 if metric == str(m.COMPONENT_LAST_HEARTBEAT) else 1e-3)


def _truth(made: World) -> tuple[Samples, set[Key]]:
    """The samples whose values are known, and the others."""
    release = made.airflow.release
    broken = str(made.dags / "broken.py") if release is AIRFLOW_2 else "broken.py"
    values = expected.values(release)
    return values, (expected.times() | {sample(m.IMPORT_ERROR_TIMESTAMP, filename=broken)}) - values.keys()


def _right(key: Key, value: float, values: Samples, started: float) -> bool:
    if key in values:
        return value == values[key]
    earlier = key[1] & {("dag_id", "long"), ("dag_id", "long_ago")}
    if earlier or key[0] == str(m.DAG_NEXT_RUN) or "timestamp" not in key[0]:
        return value >= 0
    return started <= value <= time.time()


def _words(key: Key) -> str:
    return f"{key[0]}{dict(sorted(key[1]))}"
