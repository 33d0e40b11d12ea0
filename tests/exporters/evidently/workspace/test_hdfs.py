"""A workspace on HDFS gives the same page as the folder that it is a copy of."""

from __future__ import annotations

import pytest

from mlvitals.core.collector import UpstreamError
from tests.exporters.evidently.workspace.configured import collector
from tests.exporters.evidently.workspace.test_golden import HERE, SHOWN
from tests.support.exposition import read, text
from tests.support.hdfs import FakeHdfs, running

RECORDED = HERE / "recorded"


def copied() -> dict[str, bytes]:
    files = [path for path in RECORDED.rglob("*") if path.is_file()]
    return {f"/evidently/{path.relative_to(RECORDED)}": path.read_bytes() for path in files}


def test_the_page_is_that_of_a_folder() -> None:
    with running(FakeHdfs(copied())) as (name_node, _):
        reading = collector(path=f"{name_node.url.replace('http', 'webhdfs')}/evidently", **SHOWN)
        page = text(read(reading).families)
        before = len(name_node.requests)
        assert text(read(reading).families) == page
        reading.close()
    assert page == (HERE / "expected.prom").read_text(encoding="utf-8")
    assert not any(
        request.query["op"] == ["OPEN"] and ".json" in request.path and "metadata" not in request.path
        for request in name_node.requests[before:]
    )


def test_what_is_not_there() -> None:
    with running(FakeHdfs(copied())) as (name_node, _):
        reading = collector(path=f"{name_node.url.replace('http', 'webhdfs')}/nowhere")
        with pytest.raises(UpstreamError, match=r"there is no folder webhdfs://"):
            read(reading)
        reading.close()
