"""A real Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.processes import Server, answers


@contextmanager
def alertmanager_server(program: Path, config: Path, folder: Path, url: str) -> Iterator[None]:
    """Run it with that configuration file at that URL, its data in `folder`."""
    command = [
        str(program),
        f"--config.file={config}",
        f"--storage.path={folder}/alertmanager-data",
        f"--web.listen-address={url.removeprefix('http://')}",
        f"--web.external-url={url}",
        "--cluster.listen-address=",  # else it listens for peers on all interfaces
    ]
    with Server("alertmanager", command, folder, lambda: answers(f"{url}/-/ready")):
        yield
