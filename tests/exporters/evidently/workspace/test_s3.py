"""A workspace on S3 gives the same page as the folder that it is a copy of."""

from __future__ import annotations

import pytest

from mlvitals.core.collector import UpstreamError
from mlvitals.evidently.workspace.collector import WorkspaceCollector
from tests.exporters.evidently.workspace.configured import settings
from tests.exporters.evidently.workspace.test_golden import HERE, SHOWN
from tests.exporters.evidently.workspace.test_hdfs import copied
from tests.support.bucket import filled
from tests.support.exposition import read, text


def test_the_page_is_that_of_a_folder() -> None:
    with filled("lake", copied()) as s3:
        configured = settings({"s3": s3}, path="s3://lake/evidently", **SHOWN)
        reading = WorkspaceCollector(configured, configured.workspaces[0])
        page = text(read(reading).families)
        assert text(read(reading).families) == page
        reading.close()
    assert page == (HERE / "expected.prom").read_text(encoding="utf-8")


def test_what_is_not_there() -> None:
    with filled("lake", copied()) as s3:
        configured = settings({"s3": s3}, path="s3://lake/nowhere")
        reading = WorkspaceCollector(configured, configured.workspaces[0])
        with pytest.raises(UpstreamError, match=r"there is no folder s3://lake/nowhere"):
            read(reading)
        reading.close()
