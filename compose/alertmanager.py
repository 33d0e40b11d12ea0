"""A real Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.processes import Server, answers


@contextmanager
def alertmanager_server(program: Path, config: Path, folder: Path, port: int) -> Iterator[str]:
    """Run it with that configuration file on that port of 127.0.0.1, its data in `folder`; gives its URL."""
    url = f"http://127.0.0.1:{port}"
    command = [
        str(program),
        f"--config.file={config}",
        f"--storage.path={folder}/alertmanager-data",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--web.external-url={url}",
        "--cluster.listen-address=",  # else it listens for peers on all interfaces
    ]
    with Server("alertmanager", command, folder, lambda: answers(f"{url}/-/ready")):
        yield url
