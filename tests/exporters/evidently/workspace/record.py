"""Records recorded/ and responses/ anew.

python -m tests.exporters.evidently.workspace.record, then pytest --refresh.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from compose.evidently import evidently_ui
from tests.exporters.evidently.workspace.configured import collector
from tests.exporters.evidently.workspace.scenario import populate
from tests.support.exposition import read
from tests.support.replay import Replay, recorder

HERE = Path(__file__).parent
FOLDER, RESPONSES = HERE / "recorded", HERE / "responses"


def main() -> int:
    """Let Evidently write a workspace, start its UI over it, and pass one collection through a recorder."""
    for old in (FOLDER, RESPONSES):
        shutil.rmtree(old, ignore_errors=True)
    RESPONSES.mkdir()
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Path(temporary) / "workspace"
        populate(workspace)
        shutil.copytree(workspace, FOLDER)
        with evidently_ui(workspace) as url, Replay(recorder(url, RESPONSES)) as proxy:
            reading = collector(url=proxy.url)
            read(reading)
            reading.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
