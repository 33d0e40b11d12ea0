"""Configuration of the watched paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mlvitals.core.collector import Schedule
from mlvitals.core.files import has_wildcard, name_matches
from mlvitals.core.selection import MAX_LABEL
from mlvitals.core.settings import Duration, HttpOptions, HttpUrl, Mistake, Settings


def _path(value: str) -> str:
    """The path without a slash at its end. Raises ValueError for one that is not absolute, or not plain."""
    parts = value.removesuffix("/").split("/")[1:]
    if not value.startswith("/") or not {"", ".", ".."}.isdisjoint(parts):
        raise ValueError("expected an absolute path on HDFS, such as /data/train")
    if "**" in parts:
        raise ValueError("expected no **: of a folder everything below it is looked at")
    if re.search(r"\{[^{}]*,[^{}]*\}", value):
        raise ValueError("expected no alternatives between braces: an entry for each of them")
    if len(value) > MAX_LABEL or not value.isprintable():
        raise ValueError(f"expected at most {MAX_LABEL} printable characters")
    return value.rstrip("/") or "/"


class WatchedPath(Settings):
    """A file or folder on HDFS, or a pattern of them."""

    path: Annotated[str, AfterValidator(_path)] = Field(
        description="an absolute path, or a pattern such as /data/*/train; the target in mlvitals_target_up"
    )
    fresh_within: Duration | None = Field(None, description="the newest modification is at most this old")

    @property
    def is_pattern(self) -> bool:
        """True when it can be about several paths."""
        return has_wildcard(self.path)

    def matches(self, path: str) -> bool:
        """True for a path that the entry is about, whether or not an earlier one is about it too."""
        names, patterns = path.split("/"), self.path.split("/")
        return len(names) == len(patterns) and all(map(name_matches, names, patterns))


class PathOptions(HttpOptions):
    """What is watched, where and how often."""

    paths: tuple[WatchedPath, ...] = Field(
        (), description="files and folders to watch; a path belongs to the first entry that matches it"
    )
    webhdfs: tuple[HttpUrl, ...] = Field(
        (),
        description="where paths are read in the place of the NameNodes: the URL of an HttpFS or a gateway, or several "
        "of which one will do",
    )
    hdfs_user: str | None = Field(None, description="user.name of WebHDFS without authentication")
    paths_interval: Duration = Field(
        600.0, description="time between two looks at the paths, which cost the NameNode more than /jmx; default 10m"
    )
    paths_deadline: Duration = Field(600.0, description="time that one look at all paths may take; default 10m")
    max_path_matches: int = Field(
        100, ge=1, description="paths shown of each pattern, first by name; the rest counts as dropped hdfs_path_exists"
    )
    max_path_entries: int = Field(
        100_000,
        ge=1,
        description="files and folders looked at below one path; where there are more, the newest modification is "
        "unknown, and counts as dropped",
    )

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Two entries about one path, or what reads them is missing."""
        yield from super().mistakes(data)
        if data.get("paths") and not find_spec("hdfs"):
            yield ("paths",), "are read with a library that is missing here: pip install 'mlvitals[hdfs]'"
        earlier: list[WatchedPath] = []
        entries = data.get("paths")
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            path = entry.get("path") if isinstance(entry, Mapping) else None
            if not isinstance(path, str):
                continue
            one = WatchedPath.model_construct(path=path.rstrip("/") or "/")
            if any(each.path == one.path or (not one.is_pattern and each.matches(one.path)) for each in earlier):
                yield ("paths", index, "path"), "an earlier entry is about this path already"
            earlier.append(one)

    def paths_schedule(self) -> Schedule:
        """Of the look at the paths."""
        interval, deadline = self.paths_interval, self.paths_deadline
        return Schedule(interval, deadline, max(5 * interval, interval + deadline))
