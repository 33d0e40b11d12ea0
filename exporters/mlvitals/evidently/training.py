"""Where the data is that a model was trained on: behind its alias, in its run, wherever MLflow keeps artifacts."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from mlvitals.core.collector import Deadline, UpstreamError
from mlvitals.core.failures import plain
from mlvitals.core.files import Store
from mlvitals.core.locations import opened, shown_location
from mlvitals.core.mlflow_artifacts import ArtifactStore, Registry, Trained
from mlvitals.evidently.config import MLFLOW, EvidentlySettings

WEB_PORT = 9870
"""Of a NameNode, for artifacts at hdfs://, which names the port of its RPC."""


class TrainingData(NamedTuple):
    """A store, the path in it, and the version of the model."""

    store: Store
    path: str
    trained: Trained


def training_data(location: str, settings: EvidentlySettings, deadline: Deadline) -> TrainingData:
    """What `mlflow:REGISTRY/MODEL@ALIAS/ARTIFACT` stands for now. Raises UpstreamError."""
    match = MLFLOW.fullmatch(location)
    if match is None or match["registry"] not in settings.registries:
        raise UpstreamError("parse", f"{plain(location)} names no MLflow exporter of this configuration")
    registry = Registry(settings.registries[match["registry"]], deadline)
    try:
        trained = registry.behind(match["model"], match["alias"])
        if trained.proxied:
            return TrainingData(ArtifactStore(registry, trained), match["artifact"], trained)
        place = _elsewhere(trained, match["artifact"])
        _check_allowed(trained.root, settings.artifact_roots)
        store, path = opened(place, settings, deadline)
    except BaseException:
        registry.close()
        raise
    registry.close()
    return TrainingData(store, path, trained)


def _check_allowed(root: str, allowed: Iterable[str]) -> None:
    """Whoever may write to MLflow says where a run's artifacts are: only what the configuration trusts is opened.

    Credentials would go to any server, and any file of this machine would be read. Raises UpstreamError (`auth`).
    """
    place = unquote(root).removeprefix("file://")
    inside = (f"{place}/".startswith(f"{each.removeprefix('file://').rstrip('/')}/") for each in allowed)
    if not any(inside) or ".." in place.split("/"):
        raise UpstreamError("auth", f"artifacts at {shown_location(root)} are not read unless artifact_roots allows it")


def _elsewhere(trained: Trained, artifact: str) -> str:
    """The location of an artifact that MLflow's clients read themselves."""
    parts = urlsplit(trained.root)
    if parts.scheme in ("", "file") and parts.path.startswith("/"):
        return f"{glob.escape(unquote(parts.path))}/{artifact}"
    if parts.scheme == "hdfs":
        return f"webhdfs://{parts.hostname}:{WEB_PORT}{parts.path}/{artifact}"
    if parts.scheme in ("s3", "webhdfs", "swebhdfs"):
        return f"{trained.root}/{artifact}"
    raise UpstreamError(
        "http", f"artifacts at {plain(parts.scheme or 'a relative path')} can be read only through MLflow's own server"
    )
