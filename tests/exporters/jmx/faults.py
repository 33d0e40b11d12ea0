"""How the exporter of any `/jmx` page meets faults."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from tests.exporters.hdfs.fake import FakeHdfs, namenode
from tests.support.faults import Subject
from tests.support.replay import always, json_answer

_NOW = int(time.time())
_STATE = "Hadoop:service=NameNode,name=FSNamesystemState"
_RULES = [
    {"bean": _STATE, "attribute": "CapacityTotal", "name": "dfs_capacity_bytes"},
    {"bean": _STATE, "attribute": "FilesTotal", "name": "dfs_files"},
]


def _daemon(capacity: float = 1000, ahead: int = 0) -> FakeHdfs:
    made = FakeHdfs(nn=namenode(CapacityTotal=capacity))
    made.date = formatdate(_NOW + ahead, usegmt=True)
    return made


def _settings(url: str) -> Mapping[str, Any]:
    return {"daemons": [f"{url}/nn"], "rules": _RULES}


SUBJECT = Subject(
    settings=_settings,
    well=_daemon,
    shows=("dfs_capacity_bytes", "dfs_files", "jmx_rule_matches"),
    empty="parse",
    nan=lambda: _daemon(float("nan")),
    nan_counted=("dfs_capacity_bytes", "not_finite"),
    ahead=lambda: _daemon(ahead=20 * 365 * 86400),
    also={"no beans": (always(json_answer({"beans": []})), "parse")},
)
