"""Writes generated files: whole or not at all, and never over a file that somebody else made."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlvitals.core.yamltext import dump

MARK = "# Made by `mlvitals generate`."
TAG = "mlvitals"
"""JSON has no comments: a dashboard of ours is known by its tag."""


def yaml_file(about: str, data: Any) -> str:
    """A generated YAML file: who made it, what it is for and the data. `about` is lines without the comment sign."""
    head = [
        f"{MARK} Do not edit: change mlvitals.yml and generate again.",
        *(f"# {line}" for line in about.split("\n")),
    ]
    return "\n".join(line.rstrip() for line in head) + "\n\n" + dump(data)


def write_all(output: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write each text to its path below `output` and remove generated files that are no longer among them.

    Raises FileExistsError before anything is written when one of the paths holds a file that is not ours.
    """
    wanted = {output / name: text for name, text in texts.items()}
    for path in wanted:
        if path.exists() and not _is_ours(path):
            raise FileExistsError(f"{path} was not made by mlvitals generate: move it away or choose another --output")
    for path, text in wanted.items():
        write_atomically(path, text)
    for gone in _ours({path.parent for path in wanted}) - wanted.keys():
        gone.unlink()
    return sorted(wanted)


def write_atomically(path: Path, text: str) -> None:
    """Write a file that other users may read, so that a reader sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _ours(folders: Iterable[Path]) -> set[Path]:
    found = (path for folder in folders for path in folder.iterdir())
    return {path for path in found if path.suffix in (".yml", ".yaml", ".json") and _is_ours(path)}


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    if path.suffix == ".json":
        return _is_dashboard(path.read_bytes())
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().startswith(MARK)


def _is_dashboard(content: bytes) -> bool:
    try:
        dashboard = json.loads(content)
    except ValueError:
        return False
    tags = dashboard.get("tags") if isinstance(dashboard, dict) else None
    return isinstance(tags, list) and TAG in tags
