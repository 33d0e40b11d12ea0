"""Fixtures for a file with one live world, its fixture `world`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests.live.airflow.looking import SOURCES, Look, looking, settings
from tests.live.airflow.outages import up
from tests.live.airflow.world import World
from tests.support.vitals import Vitals, mlvitals
from tests.support.waiting import until


@pytest.fixture(scope="module")
def looks(world: World) -> Iterator[dict[str, Look]]:
    """A look at it from each source."""
    with ExitStack() as closed:
        yield {source: closed.enter_context(looking(settings(world, source))) for source in SOURCES}


@pytest.fixture
def vitals(world: World, tmp_path: Path) -> Iterator[Vitals]:
    """A mlvitals that looks at it from each source, once everything is shown."""
    quick = {"interval": "1s", "deadline": "10s", "stale_after": "12s"}
    exporters = [settings(world, source, **quick) for source in SOURCES]
    (tmp_path / "mlvitals.yml").write_text(yaml.safe_dump({"exporters": exporters}))
    with mlvitals(tmp_path) as running:
        until(lambda: all(up(running, source) for source in SOURCES))
        yield running
