"""What the guides say to type, typed line by line by somebody who has installed mlvitals and the plug-in.

Real addresses and folders stand in for those of the guides; `mlvitals run` runs until the end of its block.
"""

from __future__ import annotations

import filecmp
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from compose.environment import CHECKOUT
from compose.processes import Server, free_port
from tests.exporters.airflow.fake import FakeAirflow
from tests.packaging.conftest import EXAMPLE, Installed, bare
from tests.support.faults import subject
from tests.support.pki import Pki
from tests.support.replay import Answer, Replay, Request
from tests.support.snippets import Snippet, snippet, tried
from tests.support.waiting import until

pytestmark = pytest.mark.live

HOSTS = ("http://airflow:8080", "http://mlflow:5000", "http://jobs:8080")
NAMES = ("registry", "research", "production")
STAND_INS = {
    # It needs root, and the machine has what it would install.
    "sudo": '"$@"',
    "apt-get": "[[ $1 == install ]]",
    # The whole of `make` takes long; the targets that are named have to be there.
    "make": 'for name; do [[ $name == *=* ]] || grep -q "^$name:" Makefile || return 1; done',
    # mlvitals is installed already: tests/packaging/conftest.py has done it from wheels of the same folders.
    "python3": '[[ "$1 $2" == "-m venv" ]] && mkdir -p "$3/bin" && ln -s "$MLVITALS" "$PIP" "$3/bin/"',
    "pip": '"$PIP" "$@"',
    # Not on every machine; tests/packaging/test_deployment.py says what is held without them.
    "docker": "for word; do [[ $word != compose/* || -f $word ]] || return 1; done",
    "systemctl": "[[ -f $SYSTEMD/mlvitals.service ]]",
    # These tests run with all the others.
    "pytest": "[[ -d tests ]]",
    # The one with what a developer has installed.
    "python": '"$PYTHON" "$@"',
}
"""Commands that are not run as they are."""
PIP = """#!/bin/bash
folder=${@: -1}; folder=${folder%[*}; [[ $1 == install && -f $folder/pyproject.toml ]]
"""


@dataclass
class Shell:
    """A folder in which the lines of a block are typed one after the other."""

    folder: Path
    upstream: str
    env: dict[str, str]
    running: ExitStack
    address: str = ""

    def type(self, line: str) -> None:
        """One line. What asks a server is repeated until the server has something to say."""
        if re.search(r"\bmlvitals run\b", line):
            self.address = f"127.0.0.1:{free_port()}"
            self._start(re.sub(r" --listen \S+", "", line) + f" --listen {self.address}")
        elif "curl" in line:
            until(lambda: self._run(line).returncode == 0, 60)
        else:
            done = self._run(line)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

    def _start(self, line: str) -> None:
        name = f"mlvitals-{self.address.rpartition(':')[2]}"
        command = ["bash", "-c", f"exec env {self._here(line)}"]
        server = Server(name, command, self.folder, lambda: "event=listening" in server.log.read_text(), self.env)
        self.running.enter_context(server)

    def _run(self, line: str) -> subprocess.CompletedProcess[str]:
        functions = "".join(f"{name}() {{ {body}; }}\n" for name, body in STAND_INS.items())
        command = ["bash", "-euo", "pipefail", "-c", functions + self._here(line)]
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120)

    def _here(self, line: str) -> str:
        for host in HOSTS:
            line = line.replace(host, self.upstream)
        line = line.replace("127.0.0.1:10847", self.address or "127.0.0.1:10847")
        return re.sub(r"(?<![\w.])/(?=etc/|opt/)", f"{self.folder}/", line)


@pytest.fixture
def upstream() -> Iterator[Replay]:
    """An Airflow, an MLflow, and a job service that answers as the plug-in's page says."""
    airflow, mlflow = FakeAirflow(), subject("mlflow").well()
    airflow.now = time.time()
    airflow.dag("overall")
    airflow.run("overall", "tonight", "success", start_date=airflow.now, end_date=airflow.now)
    (jobs,) = (block.values[0].text for block in tried("json"))

    def answer(ask: Request) -> Answer:
        if ask.path == "/jobs":
            return Answer(200, jobs.encode())
        return mlflow(ask) if ask.path.startswith("/api/2.0/mlflow/") else airflow(ask)

    with Replay(answer) as server:
        yield server


@pytest.fixture
def shell(extended: Installed, upstream: Replay, program: Callable[[str], Path], tmp_path: Path) -> Iterator[Shell]:
    """In a folder with what the guides take for granted: the checkout's files, a configuration, certificates."""
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    for name in ("compose", "docs", "Makefile"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    for folder in ("bin", "etc/mlvitals", "etc/systemd/system", "opt"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "bin/promtool").symlink_to(program("promtool"))
    (tmp_path / "bin/pip").write_text(PIP)
    (tmp_path / "bin/pip").chmod(0o755)
    (tmp_path / "mlvitals.yml").write_text(configuration(upstream.url))
    (tmp_path / "mlflow.password").write_text("long enough\n")
    Pki(tmp_path)
    (tmp_path / "web.yml").write_text(snippet("docs/security.md", "basic_auth_users"))
    with ExitStack() as running:
        yield Shell(tmp_path, upstream.url, environment(extended, tmp_path), running)


def configuration(url: str) -> str:
    """An exporter for each name that the guides use, and the one of the plug-in's page."""
    entries = [{"name": name, "type": "mlflow", "url": url} for name in NAMES]
    plugin = yaml.safe_load(snippet("docs/example-plugin/README.md", "exporters:"))["exporters"]
    entries += [{**entry, "url": url} for entry in plugin]
    entries += [{"name": "prod", "type": "airflow", "url": url}]
    return yaml.safe_dump({"web": {"external_url": "${VITALS_URL}"}, "exporters": entries})


def environment(installed: Installed, folder: Path) -> dict[str, str]:
    """Where commands are found, and what STAND_INS need."""
    known = bare()
    return {
        **known,
        "PATH": f"{installed.folder / 'bin'}:{folder / 'bin'}:{known['PATH']}",
        "HOME": str(folder),
        "VITALS_URL": "http://vitals.example",
        "MLVITALS": str(installed.program),
        "PIP": str(folder / "bin/pip"),
        "PYTHON": sys.executable,
        "SYSTEMD": str(folder / "etc/systemd/system"),
    }


@pytest.mark.parametrize("snippet", tried("sh"))
def test_what_is_to_be_typed_works(snippet: Snippet, shell: Shell) -> None:
    for line in snippet.text.replace("\\\n", "").splitlines():
        shell.type(line)
    for generated in EXAMPLE.rglob("generated"):
        made = shell.folder / generated.relative_to(EXAMPLE)
        compared = filecmp.dircmp(generated, made, ignore=["__pycache__"])
        assert not [*compared.diff_files, *compared.left_only, *compared.right_only]


@pytest.mark.parametrize("snippet", tried("python"))
def test_the_program_runs(snippet: Snippet, tmp_path: Path) -> None:
    """With the plug-in's metrics and dashboard as those of the reader."""
    (tmp_path / "my_exporter").mkdir()
    (tmp_path / "generated").mkdir()
    shutil.copy(EXAMPLE / "mlvitals_jobs/metrics.py", tmp_path / "my_exporter")
    shutil.copy(EXAMPLE / "mlvitals_jobs/dashboards/generated/jobs.json", tmp_path / "generated/my_exporter.json")
    done = subprocess.run(
        [sys.executable, "-c", snippet.text], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
