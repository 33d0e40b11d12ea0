"""Writes generated files: whole or not at all, and never over a file that somebody else made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from mlvitals.core.yamltext import dump

MARK = "# Made by `mlvitals generate`."
MANIFEST = ".mlvitals-generated"
"""Lists what was written, for JSON has no comments and what is no longer wanted has to go."""


def yaml_file(about: str, data: Any) -> str:
    """A generated YAML file: who made it, what it is for and the data. `about` is lines without the comment sign."""
    head = [
        f"{MARK} Do not edit: change mlvitals.yml and generate again.",
        *(f"# {line}" for line in about.split("\n")),
    ]
    return "\n".join(line.rstrip() for line in head) + "\n\n" + dump(data)


def write_all(output: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write each text to its path below `output` and remove what was generated there before and is no longer wanted.

    Raises FileExistsError before anything is written when one of the paths holds a file that is not ours.
    """
    before = _listed(output / MANIFEST)
    for name in texts:
        path = output / name
        if path.exists() and name not in before and not _is_marked(path):
            raise FileExistsError(f"{path} was not made by mlvitals generate: move it away or choose another --output")
    for name, text in {MANIFEST: "\n".join([MARK, *sorted({*before, *texts}), ""]), **texts}.items():
        write_atomically(output / name, text)
    for gone in before - texts.keys():
        (output / gone).unlink(missing_ok=True)
    write_atomically(output / MANIFEST, "\n".join([MARK, *sorted(texts), ""]))
    return sorted(output / name for name in texts)


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


def _listed(manifest: Path) -> set[str]:
    """Names in the list of an earlier run; never one that leads out of the folder."""
    if not manifest.is_file() or not _is_marked(manifest):
        return set()
    names = map(PurePosixPath, manifest.read_text("utf-8").splitlines()[1:])
    return {str(name) for name in names if not name.is_absolute() and ".." not in name.parts}


def _is_marked(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().startswith(MARK)
