"""The systemd unit and the Dockerfile, as far as they can be held without systemd as init and without Docker."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from compose.environment import CHECKOUT, wheel
from compose.processes import Server, answers, free_port
from tests.support.vitals import mlvitals
from tests.support.waiting import until

pytestmark = pytest.mark.live

UNIT = CHECKOUT / "compose/systemd/mlvitals.service"
DOCKERFILE = CHECKOUT / "compose/docker/Dockerfile"
PROGRAM = "/opt/mlvitals/bin/mlvitals"
OPERATIONS = (CHECKOUT / "docs/operations.md").read_text("utf-8")
EXPOSED_AT_MOST = 1.5
"""systemd's exposure level, which is 9.6 for a service without any protection."""


def settings() -> dict[str, str]:
    """Every setting of the unit, the last one where it stands twice."""
    lines = UNIT.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments) of the Dockerfile; continued lines are one."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def test_the_unit_keeps_the_service_in() -> None:
    expected = {
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "CapabilityBoundingSet": "",
        "ExecReload": "/bin/kill -HUP $MAINPID",
        "SystemCallFilter": "~@privileged @resources",
    }
    assert {name: settings().get(name) for name in expected} == expected
    assert {"LoadCredential", "MemoryMax", "RestrictAddressFamilies"} <= settings().keys()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")
def test_systemd_accepts_the_unit_and_finds_it_closed(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace(PROGRAM, sys.executable))
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(["systemd-analyze", "security", "--offline=yes", unit], capture_output=True, text=True)
    (exposure,) = re.findall(r"exposure level for \S+: (\d+\.\d)", judged.stdout)
    assert float(exposure) <= EXPOSED_AT_MOST, judged.stdout
    release, told = measured()
    if release == systemd():
        assert exposure == told, judged.stdout


def measured() -> tuple[str, str]:
    """The release of systemd and the exposure that it found, as the guide tells them."""
    found = re.search(r"of systemd (\d+), which\s+finds an exposure of (\d+\.\d) of 10", OPERATIONS)
    assert found
    return found[1], found[2]


def systemd() -> str:
    """Its release here."""
    said = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[1]


def test_its_commands_start_and_reload_the_program(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    (tmp_path / "mlvitals.yml").write_text("exporters: []\n")
    program, *options = shlex.split(settings()["ExecStart"])
    assert program == PROGRAM
    here = {"127.0.0.1:10847": address, "/etc/mlvitals/mlvitals.yml": str(tmp_path / "mlvitals.yml")}
    command = [sys.executable, "-m", "mlvitals", *(here.get(option, option) for option in options)]
    assert here.keys() <= set(options)
    with Server("mlvitals", command, tmp_path, lambda: answers(f"http://{address}/-/healthy")) as running:
        running.send(signal.SIGHUP)
        until(lambda: "configuration loaded" in running.log.read_text())


def test_the_image_has_all_that_a_wheel_is_made_of_and_no_more(tmp_path: Path) -> None:
    """What COPY names and .dockerignore lets through gives the same wheel as the checkout."""
    copied = [source for rest in arguments("COPY") if "--from" not in rest for source in rest.split()[:-1]]
    allowed = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied} == {line for line in allowed if line.startswith("!")}
    assert "*" in allowed
    (tmp_path / "src").mkdir()
    for name in copied:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / "src" / name, ignore=shutil.ignore_patterns("__pycache__", "schema"))
        else:
            shutil.copy(source, tmp_path / "src" / name)
    assert wheel(tmp_path / "src", tmp_path / "out").name.startswith("mlvitals-")


def test_the_image_runs_as_nobody_and_holds_no_secret() -> None:
    assert arguments("USER") == ["65532:65532"]
    assert all(re.match(r"python:\d+\.\d+-slim-\w+", base) for base in arguments("FROM"))
    assert arguments("ARG") == arguments("ADD") == []
    assert instructions()[-1][0] == "CMD"
    assert not re.search(r"password|token|secret", " ".join(arguments("ENV") + arguments("RUN")), re.IGNORECASE)


def test_the_health_check_tells_a_running_server_from_none(tmp_path: Path) -> None:
    (health,) = arguments("HEALTHCHECK")
    _, *command = json.loads(health.partition("CMD ")[2])
    (tmp_path / "mlvitals.yml").write_text("exporters: []\n")
    with mlvitals(tmp_path) as running:
        asked = [part.replace("http://127.0.0.1:10847", running.url) for part in command]
        healthy = subprocess.run([sys.executable, *asked], capture_output=True)
    dead = subprocess.run([sys.executable, *asked], capture_output=True)
    assert (healthy.returncode, dead.returncode) == (0, 1)


def test_what_the_image_runs_is_what_the_program_takes(tmp_path: Path) -> None:
    (entry,), (command,) = arguments("ENTRYPOINT"), arguments("CMD")
    assert json.loads(entry) == [PROGRAM]
    options = json.loads(command)
    assert options == ["run", "--config", "/etc/mlvitals/mlvitals.yml", "--listen", "0.0.0.0:10847"]
    said = subprocess.run(
        [sys.executable, "-m", "mlvitals", *options[:-2], "--listen", "127.0.0.1:0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "'/etc/mlvitals/mlvitals.yml' does not exist" in said.stderr
