"""Records responses/ anew from real servers: python -m tests.exporters.airflow.record, then pytest --refresh.

What they are asked is in the recordings, how they are asked is not: their passwords are thrown away with them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from compose.airflow import AIRFLOW_2, AIRFLOW_3
from mlvitals.airflow import EXPORTER
from mlvitals.core.collector import Deadline, Snapshot
from tests.exporters.airflow.test_golden import RESPONSES, configured
from tests.live.airflow.world import World, world
from tests.support.replay import Replay, recorder


def main() -> int:
    """Start each release, fill it, and pass one cold collection through a recorder."""
    for api, release in (("v1", AIRFLOW_2), ("v2", AIRFLOW_3)):
        with tempfile.TemporaryDirectory() as folder, world(Path(folder), release) as made:
            _record(made, RESPONSES / api, folder)
    return 0


def _record(made: World, responses: Path, folder: str) -> None:
    for old in responses.glob("*.json"):
        old.unlink()
    responses.mkdir(parents=True, exist_ok=True)
    # A token, so that no login is recorded.
    username, password = made.airflow.viewer
    auth = {"username": username, "password": password}
    if made.airflow.release is AIRFLOW_3:
        auth = {"token": made.airflow.token(made.airflow.viewer)}
    with Replay(recorder(made.airflow.url, responses, {folder: "/opt/airflow"})) as proxy:
        for collector in EXPORTER.build(configured(proxy.url, auth=auth)):
            results = list(collector.collect(Deadline(60)))
            assert all(isinstance(result, Snapshot) for result in results), results
            collector.close()


if __name__ == "__main__":
    sys.exit(main())
