"""Artifacts of the run behind a model's alias, from a server of MLflow that hands them out itself.

Sources: https://mlflow.org/docs/latest/rest-api.html, and what MLflow 3.17 was seen to do.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, NonNegativeInt, TypeAdapter

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.core.files import Entry
from mlvitals.core.outbound import Client
from mlvitals.core.ranged import RangedFile
from mlvitals.core.settings import HttpSettings

API = "api/2.0/mlflow"
PROXIED = "mlflow-artifacts"
"""Scheme of artifacts that the server hands out itself."""
MAX_DOWNLOAD = 4 << 30
"""Bytes of all artifacts that are read at once: they are kept on disk meanwhile."""
MAX_PAGES = 100


class _Version(BaseModel):
    version: NonNegativeInt
    run_id: str = ""
    creation_timestamp: int = 0


class _Aliased(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    model_version: _Version


class _Info(BaseModel):
    artifact_uri: str = ""


class _Run(BaseModel):
    info: _Info


class _Fetched(BaseModel):
    run: _Run


class _File(BaseModel):
    path: str
    is_dir: bool = False
    file_size: NonNegativeInt = 0


class _Files(BaseModel):
    files: list[_File] = []
    next_page_token: str = ""


_ALIASED, _FETCHED, _FILES = TypeAdapter(_Aliased), TypeAdapter(_Fetched), TypeAdapter(_Files)


@dataclass(frozen=True, slots=True)
class Trained:
    """What stands behind an alias: the version, when it was made (Unix time), its run, the root of its artifacts."""

    version: int
    created: float
    run_id: str
    root: str

    @property
    def proxied(self) -> bool:
        """The server hands the artifacts out itself."""
        return urlsplit(self.root).scheme == PROXIED


class Registry:
    """The calls to one server. Raises UpstreamError only."""

    def __init__(self, settings: HttpSettings, deadline: Deadline) -> None:
        self._client = Client(settings, explain=_explain)
        self._deadline = deadline

    def behind(self, model: str, alias: str) -> Trained:
        """The version behind the alias now, and its run."""
        ask = {"name": model, "alias": alias}
        version = self._client.get(f"{API}/registered-models/alias", _ALIASED, self._deadline, ask).model_version
        if not version.run_id:
            raise UpstreamError("http", f"version {version.version} of {plain(model)} was not made by a run")
        run = self._client.get(f"{API}/runs/get", _FETCHED, self._deadline, {"run_id": version.run_id}).run
        return Trained(version.version, version.creation_timestamp / 1000, version.run_id, run.info.artifact_uri)

    def artifacts(self, run_id: str, folder: str) -> list[_File]:
        """What is directly in a folder of a run's artifacts."""
        found: list[_File] = []
        ask = {"run_id": run_id} | ({"path": folder} if folder else {})
        for _ in range(MAX_PAGES):
            page = self._client.get(f"{API}/artifacts/list", _FILES, self._deadline, ask)
            found += page.files
            if not page.next_page_token:
                return found
            ask["page_token"] = page.next_page_token
        raise UpstreamError("limit", f"MLflow answers more than {MAX_PAGES} pages of artifacts")

    def download(self, path: str, into: BinaryIO, most: int) -> None:
        """Write a proxied artifact to a file."""
        self._client.download(f"api/2.0/{PROXIED}/artifacts/{quote(path)}", into, most, self._deadline)

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


class ArtifactStore:
    """The proxied artifacts of one run, by their paths in it. All are as old as the model's version.

    An artifact is downloaded when it is first opened, into a file without a name: nothing is left behind, however the
    process ends.
    """

    def __init__(self, registry: Registry, trained: Trained) -> None:
        self._registry = registry
        self._trained = trained
        self._copies: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        self._starts: dict[str, int] = {}

    def entry(self, path: str) -> Entry | None:
        """From the listing of the folder that it is in."""
        if path in ("", "."):
            return Entry(".", is_folder=True)
        folder, _, _ = path.rpartition("/")
        return next((entry for entry in self.entries(folder) if entry.path == path), None)

    def entries(self, folder: str) -> Sequence[Entry]:
        """From MLflow's list of artifacts."""
        listed = self._registry.artifacts(self._trained.run_id, folder.removeprefix("."))
        return [Entry(each.path, each.is_dir, each.file_size, self._trained.created) for each in listed]

    def open(self, entry: Entry) -> Any:
        """From the copy."""
        if entry.path not in self._starts:
            self._starts[entry.path] = self._copied(entry)
        descriptor, start = self._copies.fileno(), self._starts[entry.path]
        return RangedFile(entry.size, lambda offset, count: os.pread(descriptor, count, start + offset))

    def shown(self, path: str) -> str:
        """With the run."""
        return plain(f"{path} of the artifacts of run {self._trained.run_id}")

    def lost(self, path: str, error: Exception) -> UpstreamError | None:
        """It is read from a copy, which is whole."""
        return None

    def close(self) -> None:
        """Delete the copies and close every connection."""
        self._copies.close()
        self._registry.close()

    def _copied(self, entry: Entry) -> int:
        """Where its copy begins, behind those of others."""
        start = self._copies.seek(0, os.SEEK_END)
        root = unquote(urlsplit(self._trained.root).path).strip("/")
        self._registry.download(f"{root}/{entry.path}", self._copies, MAX_DOWNLOAD - start)
        self._copies.flush()
        if self._copies.tell() - start != entry.size:
            raise UpstreamError("parse", f"{self.shown(entry.path)} changed while it was read, or came incomplete")
        return start


def _explain(status: int, body: bytes) -> UpstreamError | None:
    if status not in (400, 404):
        return None
    try:
        message = str(TypeAdapter(dict[str, Any]).validate_json(body).get("message", ""))
    except ValueError:
        return None
    return UpstreamError("http", f"MLflow refused the request: {plain(message)}")
