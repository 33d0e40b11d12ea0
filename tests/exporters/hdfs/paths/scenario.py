"""Folders as people have them, and what is watched of them."""

from __future__ import annotations

import posixpath
from typing import Any

import hdfs
import requests

from mlvitals.hdfs.paths.config import PathOptions

USER = "hdfs"
DAY = "/data/train/dt=2026-11-22"
PATHS: tuple[dict[str, Any], ...] = (
    {"path": "/data/train", "fresh_within": "24h"},
    {"path": "/data/missing/", "fresh_within": "1h"},
    {"path": "/data/empty"},
    {"path": "/models/*/[vV]*", "fresh_within": "7d"},
    {"path": "/models/*/v2/*"},
    {"path": "/models"},
    {"path": "/nobody/*"},
)


def options(*paths: dict[str, Any], **more: Any) -> PathOptions:
    """The configuration; PATHS, of which /models is too large to be looked through, unless others are given."""
    known = {"name": "lake", "type": "hdfs", "hdfs_user": USER, "max_path_entries": 9}
    return PathOptions.model_validate({**known, "paths": list(paths or PATHS), **more})


def populate(url: str) -> None:
    """Fill an HDFS of Hadoop 3 whose DataNode is up."""
    client = hdfs.InsecureClient(url, user=USER, timeout=20)
    client._session.trust_env = False
    # It takes #LATEST for a question.
    client.resolve = posixpath.normpath
    files = {
        **{f"{DAY}/part-{part}.parquet": b"x" * 1000 for part in (0, 1)},
        f"{DAY}/_SUCCESS": b"",
        f"{DAY}/_temporary/0/part-2.parquet": b"x" * 500,
        "/models/churn/v1/model.bin": b"x" * 200,
        "/models/churn/v2/model.bin": b"x" * 300,
        "/models/churn/v2/#LATEST": b"x",
        "/models/churn/_v3/model.bin": b"x",
        '/models/fra ud;"é%20/v1/model.bin': b"x",
    }
    for path, content in files.items():
        client.write(path, content, overwrite=True)
    client.makedirs("/data/empty")
    _quota(url, "/data/train", namespacequota=100, storagespacequota=1 << 30)
    _quota(url, "/models/churn/v2", namespacequota=5)


def _quota(url: str, path: str, **quotas: int) -> None:
    ask: dict[str, str | int] = {"op": "SETQUOTA", "user.name": USER, **quotas}
    with requests.Session() as session:
        session.trust_env = False
        session.put(f"{url}/webhdfs/v1{path}", params=ask, timeout=20).raise_for_status()
