"""Model versions: how many exist, and what an alias names. Read again only where something changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mlvitals.core.collector import Deadline
from mlvitals.core.pace import GoOn
from mlvitals.mlflow.answers import ModelVersion, RegisteredModel
from mlvitals.mlflow.client import MlflowClient, batches


@dataclass(frozen=True, slots=True)
class _Known:
    stamp: tuple[int, int]
    count: int
    named: Mapping[int, ModelVersion | None]


class VersionCache:
    """What is known of the models' versions.

    Creating and deleting a version moves `last_updated_timestamp` of the model, setting an alias does not (seen on
    MLflow 3.17). So the versions of a model are read again when that timestamp moved, when the model was made anew
    under its name, or when an alias names a version that was not looked at.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._slow: list[str] = []

    def refresh(
        self, models: Mapping[str, RegisteredModel], client: MlflowClient, deadline: Deadline, go_on: GoOn
    ) -> None:
        """Read what changed; what there is no time for stays unknown until a later collection."""
        self._known = {name: known for name, known in self._known.items() if name in models}
        changed = [model.name for model in models.values() if not self._is_known(model)]
        self._slow = [name for name in self._slow if name in changed]
        quick = [name for name in changed if name not in self._slow]
        # A model with very many versions must not keep others unknown: what took too long goes last, alone, in turn.
        for batch in [*batches(quick), *([name] for name in self._slow)]:
            if not go_on():
                return
            self._read(batch, models, client, deadline, go_on)

    def count(self, model: RegisteredModel) -> int | None:
        """How many versions of the model exist; None while that is not known."""
        return self._known[model.name].count if self._is_known(model) else None

    def named(self, model: RegisteredModel, version: int) -> ModelVersion | None:
        """The version that an alias of the model names; None while it is not known."""
        return self._known[model.name].named.get(version) if self._is_known(model) else None

    def _is_known(self, model: RegisteredModel) -> bool:
        known = self._known.get(model.name)
        return known is not None and known.stamp == _stamp(model) and known.named.keys() >= _named(model)

    def _read(
        self,
        batch: Collection[str],
        models: Mapping[str, RegisteredModel],
        client: MlflowClient,
        deadline: Deadline,
        go_on: GoOn,
    ) -> None:
        counts = Counter[str]()
        named: dict[str, dict[int, ModelVersion | None]] = {name: dict.fromkeys(_named(models[name])) for name in batch}
        for page in client.versions(batch, deadline):
            if not go_on():
                self._slow = [*(name for name in self._slow if name not in batch), *batch]
                return
            for version in page:
                counts[version.name] += 1
                if version.version in named[version.name]:
                    named[version.name][version.version] = version
        for name in batch:
            self._known[name] = _Known(_stamp(models[name]), counts[name], named[name])


def _stamp(model: RegisteredModel) -> tuple[int, int]:
    return model.creation_timestamp, model.last_updated_timestamp


def _named(model: RegisteredModel) -> set[int]:
    return {alias.version for alias in model.aliases}
