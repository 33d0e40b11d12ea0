"""A small HDFS of `/jmx` pages: recorded ones, changed where a test needs it, each daemon at a path of its own."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mlvitals.hdfs.config import HdfsSettings
from tests.support.replay import Answer, Request, json_answer

RESPONSES = Path(__file__).parent / "responses"
NEWEST = "3.4.3"
"""The newest release of which all three daemons were recorded."""
DATE = "Mon, 23 Nov 2026 05:03:10 GMT"
Beans = dict[str, dict[str, Any]]
"""What follows `name=` -> the bean."""


@cache
def _recorded(daemon: str, release: str) -> str:
    return (RESPONSES / release / f"{daemon}.json").read_text(encoding="utf-8")


def beans(daemon: str, release: str = NEWEST) -> Beans:
    """The beans of a recorded page, to be changed."""
    return {bean["name"].partition("name=")[2]: bean for bean in json.loads(_recorded(daemon, release))["beans"]}


def namenode(state: str = "active", release: str = NEWEST, **changed: Any) -> Beans:
    """A NameNode in this state; `changed` are attributes of FSNamesystemState."""
    found = beans("namenode", release)
    found["NameNodeStatus"]["State"] = state
    found["FSNamesystemState"] |= changed
    return found


def starting() -> Beans:
    """A NameNode that has opened its web server and not yet its namesystem."""
    found = beans("namenode")
    return {name: found[name] for name in ("JvmMetrics", "StartupProgress", "UgiMetrics", "MetricsSystem,sub=Stats")}


def live(*names: str, **node: Any) -> str:
    """NameNodeInfo.LiveNodes with these DataNodes; a web server stands at the port of the name."""
    return json.dumps(
        {
            name: {
                "infoAddr": f"10.0.0.1:{name.rpartition(':')[2]}",
                "infoSecureAddr": f"10.0.0.1:{name.rpartition(':')[2]}",
                "lastContact": 2,
                "capacity": 100,
                "usedSpace": 10,
                "numBlocks": 3,
                **node,
            }
            for name in names
        }
    )


class FakeHdfs:
    """Path of a daemon -> its beans, or its answer whatever is asked."""

    def __init__(self, **daemons: Beans | Answer) -> None:
        self.daemons: dict[str, Beans | Answer] = daemons
        self.date = DATE

    def __call__(self, request: Request) -> Answer:
        daemon = self.daemons.get(request.path.removesuffix("/jmx").strip("/"))
        if daemon is None or not request.path.endswith("/jmx"):
            return Answer(404)
        if isinstance(daemon, Answer):
            return daemon
        return json_answer({"beans": [copy.deepcopy(bean) for bean in daemon.values()]}, headers={"Date": self.date})


def settings(url: str, **keys: Any) -> HdfsSettings:
    """A configuration: `keys` name daemons by their paths, and whatever else is set."""
    paths = ("namenodes", "datanodes", "journalnodes")
    data: Mapping[str, Any] = {
        key: [f"{url}/{path}" for path in value] if key in paths else value for key, value in keys.items()
    }
    return HdfsSettings.model_validate({"name": "hdfs", "type": "hdfs", **data})
