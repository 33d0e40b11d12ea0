"""How the HDFS exporter meets faults: a NameNode, a DataNode and a JournalNode behind one address."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from tests.exporters.hdfs.fake import FakeHdfs, beans, namenode
from tests.support.faults import Subject
from tests.support.replay import Answer, always, json_answer

_NOW = int(time.time())
_YEARS = 20 * 365 * 86400


def _hdfs(capacity: float = 1000, ahead: int = 0) -> FakeHdfs:
    page = namenode(CapacityTotal=capacity)
    page["NameNodeStatus"]["LastHATransitionTime"] = (_NOW + ahead) * 1000
    made = FakeHdfs(nn=page, dn=beans("datanode"), jn=beans("journalnode"))
    made.date = formatdate(_NOW + ahead, usegmt=True)
    return made


def _settings(url: str) -> Mapping[str, Any]:
    return {"namenodes": [f"{url}/nn"], "datanodes": [f"{url}/dn"], "journalnodes": [f"{url}/jn"]}


SUBJECT = Subject(
    settings=_settings,
    well=_hdfs,
    shows=("hdfs_namenode_capacity_bytes", "hdfs_datanode_capacity_bytes", "hdfs_journalnode_lag_transactions"),
    empty="parse",
    nan=lambda: _hdfs(float("nan")),
    nan_counted=("hdfs_namenode_capacity_bytes", "not_finite"),
    ahead=lambda: _hdfs(ahead=_YEARS),
    also={
        "no beans": (always(json_answer({"beans": []})), "parse"),
        "another daemon": (always(json_answer({"beans": [{"name": "Hadoop:service=HBase,name=JvmMetrics"}]})), "parse"),
        "not HDFS": (always(Answer(404, b"Not Found")), "http"),
    },
)
