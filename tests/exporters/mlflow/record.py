"""Records responses/ anew from a real server: python -m tests.exporters.mlflow.record, then pytest --refresh."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from compose.mlflow import mlflow_server
from mlvitals.mlflow import EXPORTER
from tests.exporters.mlflow.scenario import Scenario, settings
from tests.support.exposition import read
from tests.support.replay import Replay, recorder

RESPONSES = Path(__file__).parent / "responses"


def main() -> int:
    """Start a server, fill it, and pass one cold collection through a recorder."""
    for old in RESPONSES.glob("*.json"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder, mlflow_server(Path(folder)) as server:
        Scenario(server.url).populate()
        with Replay(recorder(server.url, RESPONSES)) as proxy:
            for collector in EXPORTER.build(settings(proxy.url)):
                read(collector)
                collector.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
