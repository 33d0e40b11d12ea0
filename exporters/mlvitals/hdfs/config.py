"""Configuration of the HDFS exporter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from mlvitals.core.fleet import FleetOptions, twice
from mlvitals.core.settings import HttpUrl, Mistake, empty
from mlvitals.hdfs.paths.config import PathOptions


class HdfsSettings(FleetOptions, PathOptions):
    """One HDFS, by the addresses of its daemons' web servers."""

    namenodes: tuple[HttpUrl, ...] = Field(description="URLs of all NameNodes of the cluster, such as http://nn1:9870")
    journalnodes: tuple[HttpUrl, ...] = Field((), description="URLs of the JournalNodes, such as http://jn1:8480")
    datanodes: tuple[HttpUrl, ...] = Field(
        (), description="URLs of the DataNodes, such as http://dn1:9864; those that are listed are not looked for"
    )
    discover_datanodes: bool = Field(
        True, description="where datanodes is empty, ask the DataNodes that the active NameNode calls live"
    )
    datanode_hosts: tuple[str, ...] = Field(
        (),
        description="patterns of hosts, such as '*.data.example', where discovered DataNodes may be; only where this "
        "is set are credentials and the client certificate sent to them",
    )
    max_datanodes: int = Field(
        2000,
        ge=1,
        description="discovered DataNodes that are asked, first by name; the rest counts as dropped hdfs_datanode_info",
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """What every exporter may have wrong, and a daemon that stands twice."""
        yield from super().mistakes(data)
        yield from empty(data, "namenodes")
        yield from twice(data, "namenodes", "journalnodes", "datanodes")
