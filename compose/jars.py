"""Hadoop's daemons and Prometheus's jmx_exporter, fetched by Maven into the cache folder.

python -m compose.jars      fetches what is missing and prints where it is
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from compose import java
from compose.cache import MissingError, installed
from compose.environment import CHECKOUT

POM = CHECKOUT / "compose/hadoop/pom.xml"
FETCH = ("dependency:copy-dependencies", "dependency:copy")
# The servers of their pages look for these folders on the class path; the jars do not have them.
PAGES = ("hdfs/WEB-INF", "datanode/WEB-INF", "journal/WEB-INF", "static")


def hadoop() -> Path:
    """A folder for the class path, and `lib` in it with all the jars. Raises MissingError with what to do."""
    return installed("hadoop", [POM.read_text(), FETCH, PAGES], _fetch)


def agent(name: str, version: str) -> Path:
    """The jar of the jmx_exporter: `jmx_prometheus_javaagent` 1.0.1 or 0.20.0, `jmx_prometheus_httpserver` 1.0.1.

    Raises MissingError with what to do.
    """
    return hadoop() / f"agents/{name}-{version}.jar"


def _fetch(folder: Path) -> None:
    # All that Maven needs on the way goes into a repository that is not kept.
    repository = folder / "repository"
    options = ("-q", "-B", f"-Dmaven.repo.local={repository}", f"-Djars={folder}", "-f", POM)
    env = os.environ | {"JAVA_HOME": str(java.home())}
    command: list[str | Path] = [java.program("mvn"), *options, *FETCH]
    run = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if run.returncode:
        said = "\n".join(line for line in run.stdout.splitlines() if "ERROR" in line)
        raise MissingError(f"cannot fetch Hadoop; mvn says:\n{said or run.stdout + run.stderr}")
    shutil.rmtree(repository)
    for page in PAGES:
        (folder / "webapps" / page).mkdir(parents=True)


if __name__ == "__main__":
    try:
        print(f"{'java':13}{java.program('java')}")
        print(f"{'hadoop':13}{hadoop()}")
    except MissingError as error:
        sys.exit(f"error: {error}")
