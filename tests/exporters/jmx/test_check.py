"""What `mlvitals check --live` says of rules."""

from __future__ import annotations

from mlvitals import sources
from tests.exporters.hdfs.fake import FakeHdfs, namenode
from tests.exporters.jmx.test_jmx import settings
from tests.support.replay import Replay


def test_a_rule_that_matches_nothing_is_named() -> None:
    rule = {"bean": "Hadoop:service=NameNode,name=FSNamesystemState"}
    rules = [
        {**rule, "attribute": "CapacityTotal", "name": "dfs_capacity_bytes"},
        {**rule, "attribute": "CapactyUsed", "name": "dfs_used_bytes"},
    ]
    with Replay(FakeHdfs(d1=namenode())) as server:
        (outcome,) = sources.read([settings(server.url, "d1", rules=rules)])
    assert outcome.up
    assert outcome.words == ("the rule dfs_used_bytes matches nothing",)
