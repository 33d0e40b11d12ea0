"""HDFS in the demo: the reference pipeline hands its data on through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hdfs import InsecureClient

from compose import jars
from compose.hdfs import SUPERUSER, hdfs_cluster
from compose.system import Addresses, Started, Step, System

NAME = "hdfs"
FOLDER, WRITER, READER = "/data", "airflow", "vitals"


def data_url(at: Addresses, user: str = "") -> str:
    """The folder of the pipeline's data; `user` is who opens it."""
    server = at.of(NAME).removeprefix("http://")
    return f"webhdfs://{f'{user}@' if user else ''}{server}{FOLDER}"


def _install(step: Step) -> None:
    with step("Hadoop"):
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
            exporters=[],
            alerts={},
            servers={name: daemon.server for name, daemon in hdfs.daemons.items()},
            settle=lambda _: None,
        )


SYSTEM = System(start=_start, questions=(), expected=(), check=jars.check, install=_install)
