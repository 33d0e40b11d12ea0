"""A real HDFS of Hadoop 3: one NameNode or a pair of them, DataNodes, each a JVM of its own on loopback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import requests

from compose import jars, java
from compose.environment import CHECKOUT
from compose.processes import PATIENCE, Server, ServerError, all_ended, free_port, output, tail, wait_for

NAMENODE = "org.apache.hadoop.hdfs.server.namenode.NameNode"
DATANODE = "org.apache.hadoop.hdfs.server.datanode.DataNode"
JOURNALNODE = "org.apache.hadoop.hdfs.qjournal.server.JournalNode"
ADMIN = "org.apache.hadoop.hdfs.tools.DFSAdmin"
HA_ADMIN = "org.apache.hadoop.hdfs.tools.DFSHAAdmin"
FAILOVER = "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider"
CONFIGURATION = CHECKOUT / "compose/hadoop"
SERVICE = "cluster"
SUPERUSER = "hdfs"
# Small, started in half the time, and nothing outside of its folder. What serves WebHDFS looks into java.lang.
JVM = (
    *("-Xms24m", "-Xmx192m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"),
    *("-Djava.net.preferIPv4Stack=true", "--add-opens", "java.base/java.lang=ALL-UNNAMED"),
)
# Quick to notice what changes: a DataNode that was killed is stale after 2 s and dead after 4.
SETTINGS = {
    "dfs.replication": "1",
    "dfs.namenode.fs-limits.min-block-size": "1024",
    "dfs.heartbeat.interval": "500ms",
    "dfs.namenode.heartbeat.recheck-interval": "2000",
    "dfs.namenode.stale.datanode.interval": "1500",
    "dfs.namenode.redundancy.interval.seconds": "1s",
    "dfs.namenode.safemode.extension": "0",
    "dfs.ha.tail-edits.period": "1s",
    "dfs.ha.log-roll.period": "5s",
    # What finds nobody there asks again soon; by default a DataNode sleeps for 5 s.
    "ipc.client.connect.max.retries": "100",
    "ipc.client.connect.retry.interval": "100",
    # WebHDFS sends clients to it.
    "dfs.datanode.hostname": "127.0.0.1",
}


STATUS = "service=NameNode,name=NameNodeStatus"
FILE_SYSTEM = "service=NameNode,name=FSNamesystemState"


@dataclass(frozen=True)
class Extra:
    """What one daemon runs with and the others do not: options of its JVM, settings of Hadoop."""

    jvm: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Daemon:
    """A NameNode, DataNode or JournalNode; at `url` are its pages, /jmx and, of a NameNode, WebHDFS."""

    name: str
    url: str
    server: Server

    def bean(self, name: str) -> dict[str, Any]:
        """The attributes of `Hadoop:<name>`; none when there is no such bean or the daemon does not answer."""
        return _bean(self.url, name)


@dataclass(frozen=True)
class Hdfs:
    """A running HDFS: `datanode1`, …, and `namenode`, or a pair of `nn1` and `nn2` with a `journalnode`."""

    namenodes: Sequence[Daemon]
    datanodes: Sequence[Daemon]
    journalnodes: Sequence[Daemon]
    _hadoop: _Hadoop

    @property
    def daemons(self) -> dict[str, Daemon]:
        """All of them by name."""
        return {daemon.name: daemon for daemon in (*self.journalnodes, *self.namenodes, *self.datanodes)}

    @property
    def url(self) -> str:
        """`webhdfs://HOST:PORT`, or `webhdfs://HOST:PORT,HOST:PORT` of a pair."""
        return f"webhdfs://{','.join(daemon.url.removeprefix('http://') for daemon in self.namenodes)}"

    def admin(self, *arguments: str) -> str:
        """What `hdfs dfsadmin` prints, such as for "-safemode", "enter". Raises ServerError when it fails."""
        return self._hadoop.run(ADMIN, "-Dipc.client.connect.max.retries=2", *arguments)

    def ha_admin(self, *arguments: str) -> str:
        """What `hdfs haadmin` prints, such as for "-failover", "nn1", "nn2". Raises ServerError when it fails."""
        return self._hadoop.run(HA_ADMIN, "-Dipc.client.connect.max.retries=2", *arguments)

    def wait_until_usable(self) -> None:
        """Wait until a NameNode is active, out of safe mode, and all DataNodes that run are live in it.

        Raises ServerError when that takes too long.
        """
        if not wait_for(self._usable, PATIENCE):
            logs = "\n".join(f"--- {name}\n{tail(daemon.server.log)}" for name, daemon in self.daemons.items())
            raise ServerError(f"HDFS is not usable after {PATIENCE:g} s\n{logs}")

    def _usable(self) -> bool:
        running = sum(daemon.server.alive() for daemon in self.datanodes)
        active = [daemon for daemon in self.namenodes if daemon.bean(STATUS).get("State") == "active"]
        seen = [daemon.bean(FILE_SYSTEM) for daemon in active]
        return any((one.get("FSState"), one.get("NumLiveDataNodes")) == ("Operational", running) for one in seen)


@contextmanager
def hdfs_cluster(
    folder: Path,
    datanodes: int = 1,
    ha: bool = False,
    extras: Mapping[str, Extra] | None = None,
    url: str = "",
) -> Iterator[Hdfs]:
    """Run HDFS with its state in `folder`, which exists. Yields when files can be written, 4 to 9 s later.

    With `ha` there is a pair of NameNodes, of which nn1 is active. `extras` are by name of daemon. `url` is that of the
    first NameNode, by default with a free port. Data survive `server.stop()` and `server.start()` of every daemon.
    Raises MissingError when Java or Hadoop cannot be had, ServerError when it does not start.
    """
    names = ("nn1", "nn2") if ha else ("namenode",)
    urls = {name: _url() for name in names} | ({names[0]: url} if url else {})
    hadoop = _Hadoop(folder, java.program("java"), jars.hadoop(), dict(extras or {}))
    hadoop.configure(_pair(folder, urls) if ha else _alone(folder, urls["namenode"]))
    hdfs = Hdfs(
        [hadoop.daemon(name, NAMENODE, urls[name], STATUS, _id(name) if ha else {}) for name in names],
        [_datanode(hadoop, f"datanode{number}") for number in range(1, datanodes + 1)],
        [_journalnode(hadoop)] if ha else [],
        hadoop,
    )
    with all_ended([daemon.server for daemon in hdfs.daemons.values()]):
        _begin(hdfs, hadoop)
        yield hdfs


def _begin(hdfs: Hdfs, hadoop: _Hadoop) -> None:
    """Format it and start everything; what a NameNode formats, its pair copies."""
    for journal in hdfs.journalnodes:
        journal.server.start()
        journal.server.wait_until_ready()
    first, *others = (daemon.name for daemon in hdfs.namenodes)
    hadoop.run(NAMENODE, *_options(_id(first) if others else {}), "-format", "-force", "-nonInteractive")
    for other in others:
        shutil.copytree(hadoop.folder / first, hadoop.folder / other)
    for daemon in (*hdfs.namenodes, *hdfs.datanodes):
        daemon.server.start()
    for daemon in (*hdfs.namenodes, *hdfs.datanodes):
        daemon.server.wait_until_ready()
    if others:
        hdfs.ha_admin("-transitionToActive", first)
    hdfs.wait_until_usable()


@dataclass(frozen=True)
class _Hadoop:
    """How its programs are run; their state is in `folder`, what is in `home` never changes."""

    folder: Path
    java: Path
    home: Path
    extras: Mapping[str, Extra]

    def configure(self, settings: Mapping[str, str]) -> None:
        """Write what is the same for all programs. core-site.xml would be read before HDFS's own defaults."""
        lines = [
            f"<property><name>{escape(name)}</name><value>{escape(value)}</value></property>"
            for name, value in {**SETTINGS, "hadoop.tmp.dir": str(self.folder), **settings}.items()
        ]
        (self.folder / "hdfs-site.xml").write_text("\n".join(["<configuration>", *lines, "</configuration>", ""]))

    def daemon(self, name: str, main: str, url: str, ready: str, settings: Mapping[str, str]) -> Daemon:
        """One that is ready as soon as it has the bean `ready`."""
        extra = self.extras.get(name, Extra())
        command = self._command(extra.jvm, main, *_options({**settings, **extra.settings}))
        return Daemon(name, url, Server(name, command, self.folder, lambda: bool(_bean(url, ready)), self._env()))

    def run(self, main: str, *arguments: str) -> str:
        """What a program prints. Raises ServerError when it fails."""
        return output(self._command((), main, *arguments), self._env())

    def _command(self, jvm: Sequence[str], main: str, *arguments: str) -> list[str | Path]:
        path = ":".join(map(str, (self.folder, CONFIGURATION, self.home, self.home / "lib/*")))
        return [self.java, *JVM, f"-Djava.io.tmpdir={self.folder}", *jvm, "-cp", path, main, *arguments]

    @staticmethod
    def _env() -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HADOOP_", "HDFS_"))}
        return kept | {"HADOOP_USER_NAME": SUPERUSER}


def _alone(folder: Path, url: str) -> dict[str, str]:
    return {
        "fs.defaultFS": f"hdfs://{_address()}",
        "dfs.namenode.http-address": url.removeprefix("http://"),
        "dfs.namenode.name.dir": (folder / "namenode").as_uri(),
    }


def _pair(folder: Path, urls: Mapping[str, str]) -> dict[str, str]:
    journal = _address()
    settings = {
        "fs.defaultFS": f"hdfs://{SERVICE}",
        "dfs.nameservices": SERVICE,
        f"dfs.ha.namenodes.{SERVICE}": ",".join(urls),
        f"dfs.client.failover.proxy.provider.{SERVICE}": FAILOVER,
        "dfs.ha.fencing.methods": "shell(/bin/true)",
        "dfs.journalnode.rpc-address": journal,
        "dfs.journalnode.edits.dir": str(folder / "journalnode"),
        "dfs.namenode.shared.edits.dir": f"qjournal://{journal}/{SERVICE}",
    }
    for name, url in urls.items():
        settings |= {
            f"dfs.namenode.rpc-address.{SERVICE}.{name}": _address(),
            f"dfs.namenode.http-address.{SERVICE}.{name}": url.removeprefix("http://"),
            f"dfs.namenode.name.dir.{SERVICE}.{name}": (folder / name).as_uri(),
        }
    return settings


def _datanode(hadoop: _Hadoop, name: str) -> Daemon:
    url = _url()
    settings = {
        "dfs.datanode.address": _address(),
        "dfs.datanode.http.address": url.removeprefix("http://"),
        "dfs.datanode.ipc.address": _address(),
        "dfs.datanode.data.dir": (hadoop.folder / name).as_uri(),
    }
    return hadoop.daemon(name, DATANODE, url, "service=DataNode,name=DataNodeInfo", settings)


def _journalnode(hadoop: _Hadoop) -> Daemon:
    url = _url()
    settings = {"dfs.journalnode.http-address": url.removeprefix("http://")}
    return hadoop.daemon("journalnode", JOURNALNODE, url, "service=JournalNode,name=JournalNodeInfo", settings)


def _id(name: str) -> dict[str, str]:
    return {"dfs.ha.namenode.id": name}


def _options(settings: Mapping[str, str]) -> list[str]:
    return [f"-D{name}={value}" for name, value in settings.items()]


def _address() -> str:
    return f"127.0.0.1:{free_port()}"


def _url() -> str:
    return f"http://{_address()}"


def _bean(url: str, name: str) -> dict[str, Any]:
    question = {"qry": f"Hadoop:{name}", "user.name": SUPERUSER}
    try:
        beans = requests.get(f"{url}/jmx", params=question, timeout=5).json().get("beans")
    except (requests.RequestException, ValueError):
        return {}
    return dict(beans[0]) if beans else {}
