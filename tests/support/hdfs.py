"""A NameNode and a DataNode that answer as HDFS 3.4 does, from a dictionary of files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, unquote

from tests.support.replay import Answer, Replay, Request, json_answer, redirect

PREFIX = "/webhdfs/v1"
MODIFIED = 1795409231725
STANDBY = "Operation category READ is not supported in state standby. Visit https://s.apache.org/sbnn-error"


def refused(status: int, exception: str, message: str) -> Answer:
    """WebHDFS's own error answer."""
    package = "java.io" if exception in ("FileNotFoundException", "IOException") else "org.apache.hadoop.ipc"
    told = {"exception": exception, "javaClassName": f"{package}.{exception}", "message": message}
    return json_answer({"RemoteException": told}, status)


class FakeHdfs:
    """What is in the file system; `times` are those of files that are not `MODIFIED`, in milliseconds.

    `denied` are what nobody may read, `quotas` those of folders: names and bytes, with -1 for none.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.times: dict[str, int] = {}
        self.denied: set[str] = set()
        self.quotas: dict[str, tuple[int, int]] = {}
        self.data_url = ""

    def name_node(self, request: Request) -> Answer:
        """Metadata, and for OPEN the way to the DataNode."""
        path = unquote(request.path.removeprefix(PREFIX))
        operation = request.query["op"][0]
        found = self._status(path)
        if found is None:
            return refused(404, "FileNotFoundException", f"File does not exist: {path}")
        if path in self.denied or (operation == "GETCONTENTSUMMARY" and self._is_denied_below(path)):
            return refused(403, "AccessControlException", "Permission denied: user=vitals, access=READ_EXECUTE")
        if operation == "GETCONTENTSUMMARY":
            return json_answer({"ContentSummary": self._summary(path)})
        if operation == "GETFILESTATUS":
            return json_answer({"FileStatus": found})
        if operation == "LISTSTATUS":
            return json_answer({"FileStatuses": {"FileStatus": self._children(path) if path != "/" else []}})
        kept = "&".join(f"{key}={quote(request.query[key][0])}" for key in ("op", "offset", "length"))
        secret = "&delegation=do-not-tell&namenoderpcaddress=127.0.0.1:9000"
        return redirect(f"{self.data_url}{PREFIX}{quote(path)}?{kept}{secret}", 307)

    def data_node(self, request: Request) -> Answer:
        """The bytes that are asked for."""
        offset, length = int(request.query["offset"][0]), int(request.query["length"][0])
        return Answer(200, self.files[unquote(request.path.removeprefix(PREFIX))][offset : offset + length])

    def _status(self, path: str) -> dict[str, Any] | None:
        if path in self.files:
            return self._told("", len(self.files[path]), "FILE", self.times.get(path, MODIFIED))
        is_folder = any(each.startswith(path.rstrip("/") + "/") for each in self.files)
        return self._told("", 0, "DIRECTORY", MODIFIED) if is_folder else None

    def _children(self, folder: str) -> list[dict[str, Any]]:
        names = sorted(
            {each[len(folder) + 1 :].partition("/")[0] for each in self.files if each.startswith(folder + "/")}
        )
        if not names:
            return [self._status(folder) or {}]
        return [(self._status(f"{folder}/{name}") or {}) | {"pathSuffix": name} for name in names]

    def _is_denied_below(self, path: str) -> bool:
        return any(each.startswith(f"{path}/") for each in self.denied)

    def _summary(self, path: str) -> dict[str, Any]:
        below = {each: len(content) for each, content in self.files.items() if f"{each}/".startswith(f"{path}/")}
        folders = {each[:at] for each in below for at, char in enumerate(each) if char == "/" and at >= len(path)}
        quota, space_quota = self.quotas.get(path, (-1, -1))
        return {
            "directoryCount": len(folders),
            "ecPolicy": "",
            "fileCount": len(below),
            "length": sum(below.values()),
            "quota": quota,
            "snapshotDirectoryCount": 0,
            "snapshotFileCount": 0,
            "spaceConsumed": 3 * sum(below.values()),
            "spaceQuota": space_quota,
            "typeQuota": {},
        }

    @staticmethod
    def _told(name: str, length: int, kind: str, modified: int) -> dict[str, Any]:
        block = 134217728 if kind == "FILE" else 0
        known = {"accessTime": 0, "blockSize": block, "childrenNum": 0, "fileId": 16407, "group": "supergroup"}
        rest = {"owner": "hdfs", "permission": "644", "replication": 1, "storagePolicy": 0}
        return {**known, **rest, "length": length, "modificationTime": modified, "pathSuffix": name, "type": kind}


@contextmanager
def running(hdfs: FakeHdfs) -> Iterator[tuple[Replay, Replay]]:
    """Its two servers."""
    with ExitStack() as servers:
        data = servers.enter_context(Replay(hdfs.data_node))
        hdfs.data_url = data.url
        yield servers.enter_context(Replay(hdfs.name_node)), data
