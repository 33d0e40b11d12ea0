"""A Prometheus with a made-up past: a block of samples written by promtool, served on a free port."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compose.processes import Server, answers, free_port

STEP = 15


@dataclass(frozen=True)
class Line:
    """One series: its values end at `END`, one every STEP seconds."""

    name: str
    labels: Mapping[str, str]
    values: Sequence[float]


def openmetrics(lines: Sequence[Line], end: int) -> str:
    """The series with their time stamps in the form that promtool reads."""
    text = []
    for line in lines:
        labels = ",".join(f'{key}="{value}"' for key, value in line.labels.items())
        start = end - STEP * (len(line.values) - 1)
        text += [f"{line.name}{{{labels}}} {value} {start + STEP * n}" for n, value in enumerate(line.values)]
    return "\n".join([*text, "# EOF", ""])


@contextlib.contextmanager
def prometheus(program: Callable[[str], Path], folder: Path, lines: Sequence[Line], end: int) -> Iterator[str]:
    """The address of a Prometheus that knows these series and nothing else."""
    source, data = folder / "series.txt", folder / "data"
    source.write_text(openmetrics(lines, end))
    create = ["tsdb", "create-blocks-from", "openmetrics", str(source), str(data)]
    subprocess.run([program("promtool"), *create], check=True, capture_output=True, timeout=60)
    (folder / "prometheus.yml").write_text("")
    address = f"127.0.0.1:{free_port()}"
    command: list[str | Path] = [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
    ]
    with Server("prometheus", command, folder, lambda: answers(f"http://{address}/-/ready")):
        yield f"http://{address}"
