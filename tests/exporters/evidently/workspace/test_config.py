"""The configuration of workspaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mlvitals.core.settings import secret_keys
from mlvitals.evidently import EXPORTER
from mlvitals.evidently.config import EvidentlySettings
from mlvitals.evidently.workspace.config import RunStore, Workspace
from tests.exporters.evidently.workspace.configured import settings

DATASET = {"name": "churn", "reference": "r.csv", "current": "c.csv"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "expected one of url and path"),
        ({"url": "http://h", "path": "/w"}, "expected one of url and path"),
        ({"url": "h"}, "expected a URL"),
        ({"url": "http://me:secret@h"}, "credentials do not belong in a URL"),
        ({"path": ""}, "at least 1 character"),
        ({"path": "gs://bucket/w"}, "expected a local folder, or webhdfs://, or swebhdfs://, or s3://"),
        ({"path": "http://evidently:8000"}, "a server of Evidently's UI is named by url"),
        ({"path": "webhdfs://me:pw@nn/w"}, "credentials do not belong in a URL"),
        ({"path": "/w", "max_projects": 0}, "greater than or equal to 1"),
        ({"path": "/w", "tags": "model"}, "tags"),
    ],
)
def test_what_is_no_workspace(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Workspace.model_validate({"name": "shared", **keys})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "expected one of url and path"),
        ({"path": "webhdfs://nn/w"}, "expected a local folder; a server"),
        ({"url": "http://h", "secret": "a", "secret_file": __file__}, "expected one of secret and secret_file"),
        ({"url": "http://h", "keep": 0}, "greater than or equal to 1"),
    ],
)
def test_what_no_run_can_be_written_into(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RunStore.model_validate(keys)


def test_a_relative_folder_starts_at_the_configuration() -> None:
    keys = {"name": "x", "type": "evidently", "workspaces": [{"name": "a", "path": "w"}, {"name": "b", "path": "/w"}]}
    made = EvidentlySettings.model_validate(keys, context={"folder": Path("/etc/mlvitals")})
    assert [each.path for each in made.workspaces] == ["/etc/mlvitals/w", "/w"]


@pytest.mark.parametrize("names", [("a", "a"), ("churn", "b")])
def test_targets_have_names_of_their_own(names: tuple[str, str]) -> None:
    workspaces = [{"name": name, "path": "/w"} for name in names]
    keys = {"name": "x", "type": "evidently", "datasets": [DATASET], "workspaces": workspaces}
    with pytest.raises(ValidationError, match="another workspace or data set has this name already"):
        EvidentlySettings.model_validate(keys)


def test_collectors_have_names_and_schedules_of_their_own() -> None:
    exporter = {"datasets": [DATASET, {**DATASET, "name": "workspace"}], "interval": "60s", "deadline": "30s"}
    made = EXPORTER.build(settings(exporter, path="/w"))
    assert len({each.name for each in made}) == 3
    (watching,) = [each for each in made if each.targets == ("shared",)]
    assert (watching.schedule.interval, watching.schedule.deadline) == (60, 30)


def test_the_secret_is_known_as_one() -> None:
    assert "secret" in secret_keys(EvidentlySettings)
