"""Configuration of the workspaces that are watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from mlvitals.core.locations import below_folder, mistake, parts
from mlvitals.core.patterns import Patterns
from mlvitals.core.settings import ConfigFile, Duration, HttpUrl, Mistake, Name, Settings

Folder = Annotated[str, Field(min_length=1), AfterValidator(below_folder)]


class WorkspaceObjectives(Settings):
    """What is expected of each project of a workspace that is shown."""

    fresh_within: Duration | None = Field(None, description="a snapshot was added at most this long ago")


class Workspace(Settings):
    """One Evidently workspace: a folder, or a server of Evidently's UI."""

    name: Name = Field(description="becomes the label workspace, and the target in mlvitals_target_up")
    url: HttpUrl | None = Field(None, description="base URL of an Evidently UI, such as http://evidently:8000")
    path: Folder | None = Field(
        None, description="folder of the workspace, instead of url; local, webhdfs://, swebhdfs:// or s3://"
    )
    projects: Patterns = Patterns()
    max_projects: int = Field(
        100, ge=1, description="projects shown, first by name; the rest counts as dropped evidently_workspace_snapshots"
    )
    max_values: int = Field(
        1000,
        ge=1,
        description="values, and tests, shown of each project's newest snapshot, in its order; the rest counts as "
        "dropped evidently_workspace_value and evidently_workspace_test_status",
    )
    by_label: tuple[str, ...] = Field(
        (),
        description="patterns of Evidently metrics, such as F1ByLabel, whose values for each class or category are "
        "shown: these labels come out of the data; none by default",
    )
    tags: tuple[str, ...] = Field(
        (), description="patterns of the snapshot's tags and metadata keys shown as evidently_workspace_tag_info"
    )
    max_tags: int = Field(
        20,
        ge=1,
        description="tags shown of each project, first by key; the rest counts as dropped evidently_workspace_tag_info",
    )

    objectives: WorkspaceObjectives = WorkspaceObjectives()

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Neither place, or both, or one that cannot be read."""
        yield from _one_place(data, ("file", "webhdfs", "swebhdfs", "s3"))


class RunStore(Settings):
    """The Evidently workspace that our own runs are written into."""

    url: HttpUrl | None = Field(None, description="URL of an Evidently UI, without a path")
    path: Folder | None = Field(None, description="local folder of the workspace, instead of url")
    secret: SecretStr | None = Field(None, description="the --secret of Evidently's UI, which it wants for writing")
    secret_file: ConfigFile | None = Field(None, description="file that holds it")
    keep: int = Field(
        100, ge=1, description="runs kept of each data set; older ones that were written here are deleted"
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Neither place, or both, or one that cannot be written."""
        yield from _one_place(data, ("file",))
        if "secret" in data and "secret_file" in data:
            yield (), "expected one of secret and secret_file"


def _one_place(data: Mapping[str, Any], schemes: tuple[str, ...]) -> Iterator[Mistake]:
    if ("url" in data) == ("path" in data):
        yield (), "expected one of url and path"
    path = data.get("path")
    if not isinstance(path, str):
        return
    if parts(path).scheme not in schemes:
        kinds = ["a local folder", *(f"{scheme}://" for scheme in schemes[1:])]
        yield ("path",), f"expected {', or '.join(kinds)}; a server of Evidently's UI is named by url"
    elif what := mistake(path):
        yield ("path",), what
