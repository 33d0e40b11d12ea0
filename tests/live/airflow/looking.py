"""The live world as the exporter sees it from each of its sources, and what the guide says that they do not have."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from compose.airflow import AIRFLOW_2, Release
from mlvitals.airflow import EXPORTER
from mlvitals.airflow import metrics as m
from mlvitals.airflow.config import AirflowSettings
from mlvitals.core.collector import Deadline, Snapshot
from tests.live.airflow import expected
from tests.live.airflow.expected import Key
from tests.live.airflow.world import World
from tests.support.exposition import Samples, sample, samples
from tests.support.waiting import until

GUIDE = (Path(__file__).parents[3] / "docs/airflow.md").read_text()
SOURCES = ("REST", "database")
ROLE, PASSWORD = "mlvitals", "a long password"
Look = Callable[[], Samples]
"""What the same collectors see in one more collection."""


def settings(made: World, source: str, **changes: Any) -> dict[str, Any]:
    """The configuration of an exporter that looks at the world."""
    if source == "REST":
        username, password = made.airflow.viewer
        where: dict[str, Any] = {"url": made.airflow.url, "auth": {"username": username, "password": password}}
    elif made.postgres:
        url = f"postgresql://127.0.0.1:{made.postgres.port}/airflow"
        where = {"database": {"url": url, "username": ROLE, "password": PASSWORD}}
    else:
        where = {"database": {"url": made.airflow.database}}
    return {"name": source.lower(), "type": "airflow", **where, **expected.SETTINGS, **changes}


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


def soon(wrong: Callable[[], list[str]], seconds: float = 60.0) -> None:
    """Nothing is wrong, if not at once. Fails with what is wrong in the end."""
    last: list[str] = []

    def right() -> bool:
        last[:] = wrong()
        return not last

    try:
        until(right, seconds)
    except AssertionError as error:
        raise AssertionError("\n".join(last)) from error


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


def missing(release: Release, source: str) -> set[str]:
    """The metrics that this source of this release does not have, as the guide says."""
    title = f"{source}, Airflow {2 if release is AIRFLOW_2 else 3}"
    return {row["metric"] for row in _table("What a source does not have") if row[title].startswith("no")}


def otherwise(release: Release) -> set[str]:
    """The metrics of this release of which the sources tell different values, as the guide says."""
    major = "2" if release is AIRFLOW_2 else "3"
    return {row["metric"] for row in _table("What a source says otherwise") if major in row["Airflow"]}


def rights(release: Release) -> str:
    """The statements of the guide that make a role of PostgreSQL for this release."""
    of_3, of_2 = re.findall(r"^```sql\n(.*?)^```", GUIDE, re.M | re.S)
    role, _, _ = of_3.partition("GRANT SELECT")
    return (role + of_2 if release is AIRFLOW_2 else of_3).replace("'…'", f"'{PASSWORD}'")


def _table(title: str) -> list[dict[str, str]]:
    """The rows below this line of the guide: title of the column -> cell."""
    found = re.search(rf"^{title}:\n\n(.*)\n.*\n((?:\|.*\n)+)", GUIDE, re.M)
    assert found
    head, *rows = (
        [cell.strip(" `") for cell in row.strip("|").split("|")] for row in (found[1], *found[2].split("\n")[:-1])
    )
    return [dict(zip(head, row, strict=True)) for row in rows]


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
