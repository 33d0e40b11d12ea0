"""The DataNodes that the active NameNode knows, and which of them are asked themselves.

What a NameNode answers decides where requests go. So it is bounded: at most `max_datanodes` of them, to a host name or
an address and a port, GET `/jmx` and nothing else, to mlvitals' own host only where the NameNode is there too, only to
`datanode_hosts` where that is set; and credentials go along only where that is set.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

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
_NUMBER = re.compile(r"[0-9]+|0[xX].*")
_LOCALHOST = re.compile(r"(.+\.)?(ip6-)?localhost[46]?(\.localdomain[46]?)?|ip6-loopback")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Found:
    """DataNodes to ask, name -> URL, and how many were left out: reason -> number."""

    urls: Mapping[str, str] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)


def discover(page: JmxPage, settings: HdfsSettings, url: str) -> Found | None:
    """The live DataNodes of the active NameNode that is asked at this URL, over TLS when that is; None without a list.

    What the configuration leaves out is not counted: it is not lost.
    """
    listed = _nodes(page, LIVE_NODES)
    if listed is None:
        return None
    urls: dict[str, str] = {}
    dropped = Counter[str]()
    scheme, key = ("https", "infoSecureAddr") if url.startswith("https:") else ("http", "infoAddr")
    wanted, here = tuple(map(str.lower, settings.datanode_hosts)), _is_here(urlsplit(url).hostname or "")
    for name, node in sorted(listed.items()):
        host, address = _address(name, node.get(key)) or ("", "")
        if not address or (_is_here(host) and not here):
            dropped["malformed"] += 1
        elif wanted and not matches(host, wanted):
            continue
        elif len(urls) == settings.max_datanodes:
            dropped["limit"] += 1
        else:
            urls[address] = f"{scheme}://{address}"
    return Found(urls, dropped)


def report_seen(page: JmxPage, daemon: str, limit: int, report: Report) -> None:
    """Add each DataNode as this NameNode sees it, the first so many by name."""
    lists = [_nodes(page, source) for source in (LIVE_NODES, DEAD_NODES)]
    report.drop(metrics.DATANODE_LIVE, {"malformed": lists.count(None)})
    live, dead = ({name: node for name, node in (each or {}).items() if node} for each in lists)
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


def _nodes(page: JmxPage, source: Source) -> Mapping[str, Mapping[str, Any]] | None:
    """The NameNode's name of each DataNode -> what it says of it, maybe nothing; None for what is no such list."""
    listed = page.parsed(page.value(source))
    if not isinstance(listed, Mapping):
        return None
    return {name: node if isinstance(node, Mapping) else {} for name, node in listed.items()}


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
        return (host.lower(), f"{host.lower()}:{port}") if _is_name(host) else None
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return None
    return str(ip), f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"


def _is_name(host: str) -> bool:
    """True for a host name, not for an address in a spelling of the resolver: 0xA9FEA9FE, 169.254.43518."""
    return bool(_HOST.fullmatch(host)) and not _NUMBER.fullmatch(host.rpartition(".")[2])


def _is_here(host: str) -> bool:
    """True for mlvitals' own host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return bool(_LOCALHOST.fullmatch(host.lower()))
