"""Records responses/ anew from a real HDFS: python -m tests.exporters.hdfs.paths.record, then pytest --refresh."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from compose.hdfs import hdfs_cluster
from mlvitals.core.collector import Deadline
from mlvitals.hdfs.paths.collector import PathCollector
from tests.exporters.hdfs.paths.scenario import options, populate
from tests.support.replay import Replay, recorder

RESPONSES = Path(__file__).parent / "responses"


def record(url: str) -> None:
    """Fill the HDFS of this NameNode, and pass one look at it through a recorder."""
    for old in RESPONSES.glob("*.json"):
        old.unlink()
    populate(url)
    with Replay(recorder(url, RESPONSES)) as proxy:
        for result in PathCollector(options(), [proxy.url]).collect(Deadline(60)):
            print(result.target, type(result).__name__, file=sys.stderr)  # noqa: T201


def main() -> int:
    """Run an HDFS for it."""
    with tempfile.TemporaryDirectory() as folder, hdfs_cluster(Path(folder)) as cluster:
        record(cluster.namenodes[0].url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
