"""HDFS in the demo: the reference pipeline hands its data on through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hdfs import InsecureClient

from compose import jars, java
from compose.hdfs import SUPERUSER, hdfs_cluster
from compose.prometheus import Prometheus
from compose.system import Addresses, Finding, Settings, Started, Step, System

NAME = "hdfs"
EXPORTER, TEAM = "lake", "data-platform"
FOLDER, WRITER, READER = "/data", "airflow", "vitals"
MODELS = f"{FOLDER}/digits-*"
FILES = {f"{FOLDER}/raw": 1, f"{FOLDER}/digits-logistic": 2, f"{FOLDER}/digits-knn": 2}
"""What the pipeline leaves below each watched path."""


def data_url(at: Addresses, user: str = "") -> str:
    """The folder of the pipeline's data; `user` is who opens it."""
    server = at.of(NAME).removeprefix("http://")
    return f"webhdfs://{f'{user}@' if user else ''}{server}{FOLDER}"


def _install(step: Step) -> None:
    with step("Java, Hadoop"):
        java.program("java")
        jars.hadoop()


@contextmanager
def _start(folder: Path, at: Addresses, step: Step) -> Iterator[Started]:
    with ExitStack() as running:
        with step("HDFS"):
            hdfs = running.enter_context(hdfs_cluster(folder, url=at.of(NAME)))
            superuser = InsecureClient(at.of(NAME), user=SUPERUSER)
            superuser.makedirs(FOLDER)
            superuser.set_owner(FOLDER, WRITER)
        yield Started(
            addresses={"HDFS": at.of(NAME)},
            exporters=[_exporter(at.of(NAME))],
            alerts={},
            servers={name: daemon.server for name, daemon in hdfs.daemons.items()},
            settle=lambda _: None,
        )


def _exporter(url: str) -> Settings:
    return {
        "name": EXPORTER,
        "type": "hdfs",
        "namenodes": [url],
        "interval": "5s",
        "labels": {"team": TEAM},
        "hdfs_user": READER,
        "paths_interval": "5s",
        "paths_deadline": "1m",
        "paths": [{"path": path, "fresh_within": "26h"} for path in (f"{FOLDER}/raw", MODELS)],
    }


def _cluster(prometheus: Prometheus) -> Finding:
    """The NameNode is seen to be active, and its DataNode to be live."""
    active = _values(prometheus, "hdfs_active_namenodes")
    live = _values(prometheus, "hdfs_namenode_live_datanodes")
    return Finding("HDFS has 1 active NameNode and 1 live DataNode", active == live == [1], f"seen: {active}, {live}")


def _handed_on(prometheus: Prometheus) -> Finding:
    """What the pipeline has written is in HDFS, and new."""
    new = prometheus.query("hdfs_path_files and hdfs_path_newest_modification_timestamp_seconds > time() - 3600")
    seen = {one["metric"]["path"]: int(one["value"][1]) for one in new}
    what = f"{sum(FILES.values())} new files of the pipeline in HDFS"
    return Finding(what, seen == FILES, f"seen: {', '.join(f'{count} in {path}' for path, count in seen.items())}")


def _values(prometheus: Prometheus, query: str) -> list[float]:
    return [float(one["value"][1]) for one in prometheus.query(query)]


SYSTEM = System(start=_start, questions=(_cluster, _handed_on), expected=(), check=java.check, install=_install)
