"""The DataNodes that the active NameNode knows, and which of them are asked themselves.

What a NameNode answers decides where requests go. So it is bounded: at most `max_datanodes` of them, to a host name or
an address and a port, GET `/jmx` and nothing else, only to `datanode_hosts` where that is set; and credentials go along
only where that is set.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from mlvitals.core.jmx import Source
from mlvitals.core.jmxpage import JmxPage
from mlvitals.core.patterns import matches
from mlvitals.core.report import Report
from mlvitals.core.selection import select
from mlvitals.hdfs import metrics
from mlvitals.hdfs.config import HdfsSettings
from mlvitals.hdfs.rules import DEAD_NODES, LIVE_NODES

_SEEN = {
    metrics.DATANODE_SEEN_CAPACITY: "capacity",
    metrics.DATANODE_SEEN_USED: "usedSpace",
    metrics.DATANODE_SEEN_BLOCKS: "numBlocks",
}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Found:
    """DataNodes to ask, name -> URL, and how many were left out: reason -> number."""

    urls: Mapping[str, str] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)


def discover(page: JmxPage, settings: HdfsSettings, *, secure: bool) -> Found:
    """The live DataNodes of an active NameNode; over TLS when the NameNode is asked so."""
    urls: dict[str, str] = {}
    dropped = Counter[str]()
    scheme, key = ("https", "infoSecureAddr") if secure else ("http", "infoAddr")
    for name, node in sorted(_nodes(page, LIVE_NODES).items()):
        host, address = _address(name, node.get(key)) or ("", "")
        if not address:
            dropped["malformed"] += 1
        elif settings.datanode_hosts and not matches(host, settings.datanode_hosts):
            dropped["other_host"] += 1
        elif len(urls) == settings.max_datanodes:
            dropped["limit"] += 1
        else:
            urls[address] = f"{scheme}://{address}"
    return Found(urls, dropped)


def report_seen(page: JmxPage, daemon: str, limit: int, report: Report) -> None:
    """Add each DataNode as this NameNode sees it, the first so many by name."""
    live, dead = (_nodes(page, source) for source in (LIVE_NODES, DEAD_NODES))
    chosen = select(sorted({*live, *dead}), str, limit)
    report.drop(metrics.DATANODE_LIVE, chosen.dropped)
    for name in chosen.shown:
        labels = {"daemon": daemon, "datanode": name}
        node = live.get(name) or dead[name]
        report.add(metrics.DATANODE_LIVE, name in live, **labels)
        contact = _number(node, "lastContact")
        if page.clock is not None and contact is not None:
            report.add(metrics.DATANODE_LAST_CONTACT, page.clock - contact, **labels)
        for metric, key in _SEEN.items():
            report.add(metric, _number(node, key), **labels)


def _nodes(page: JmxPage, source: Source) -> Mapping[str, Mapping[str, Any]]:
    """The NameNode's name of each DataNode -> what it says of it; what is no such list is empty."""
    listed = page.parsed(page.value(source))
    if not isinstance(listed, Mapping):
        return {}
    return {name: node for name, node in listed.items() if isinstance(node, Mapping)}


def _number(node: Mapping[str, Any], key: str) -> float | None:
    value = node.get(key)
    return value if isinstance(value, int | float) else None


def _address(name: str, info: object) -> tuple[str, str] | None:
    """Host, and host:port of its web server; None for what cannot be one.

    The host is the NameNode's name for it, which certificates are made out for, the port that of its web address.
    """
    host, port = name.rpartition(":")[0].strip("[]"), info.rpartition(":")[2] if isinstance(info, str) else ""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        return None
    try:
        ip = ip_address(host)
    except ValueError:
        return (host.lower(), f"{host.lower()}:{port}") if _HOST.fullmatch(host) else None
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return None
    return str(ip), f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"
