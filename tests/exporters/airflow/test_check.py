"""What `mlvitals check --live` says of an Airflow: word for word, for it is all that people see of what is wrong.

Each case has its answer in check.txt; `pytest --refresh` writes it anew.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.exporters.airflow.fake import FakeAirflow
from tests.support.replay import Answer, Replay, Request, json_answer

EXPECTED = Path(__file__).with_name("check.txt")
USER = {"username": "ann", "password": "a-good-password"}
WRONG = {"username": "ann", "password": "another-password"}
CASES: dict[str, tuple[Literal["v1", "v2"], str, dict[str, str] | None]] = {
    "Airflow 3": ("v2", "", USER),
    "Airflow 3, wrong password": ("v2", "", WRONG),
    "Airflow 3, wrong token": ("v2", "", {"token": "a-wrong-token"}),
    "Airflow 3, no auth": ("v2", "", None),
    "Airflow 3, url of Airflow 2": ("v2", "/api/v1", USER),
    "Airflow 3, missing permission": ("v2", "/forbidden", USER),
    "Airflow 2": ("v1", "/api/v1", USER),
    "Airflow 2, wrong password": ("v1", "", WRONG),
    "Airflow 2, wrong token": ("v1", "", {"token": "a-wrong-token"}),
    "Airflow 2, no auth": ("v1", "", None),
    "Airflow 2, url of Airflow 3": ("v1", "/api/v2", USER),
    "Airflow 2, missing permission": ("v1", "/forbidden", USER),
    "no Airflow": ("v2", "/elsewhere", USER),
}


def _respond(fake: FakeAirflow, request: Request) -> Answer:
    """Below /forbidden, a user who may not read DAGs."""
    path = request.path.removeprefix("/forbidden")
    if path != request.path and path.endswith("/dags"):
        return json_answer({"detail": "Forbidden"}, 403)
    return fake(Request(**{**vars(request), "path": path}))


def _check(folder: Path, url: str, auth: dict[str, str] | None) -> Iterator[str]:
    """Exit code, table and what is wrong, on lines as long as they must be."""
    entry: dict[str, object] = {"name": "airflow", "type": "airflow", "url": url}
    if auth:
        *_, (kind, secret) = auth.items()
        (folder / "secret").write_text(secret)
        entry["auth"] = {key: value for key, value in auth.items() if key != kind} | {f"{kind}_file": "secret"}
    (folder / "mlvitals.yml").write_text(json.dumps({"exporters": [entry]}))
    # In a process of its own: a command sets up the log of its process.
    command = [sys.executable, "-m", "mlvitals", "check", "--live"]
    wide = {**os.environ, "COLUMNS": "1000"}
    done = subprocess.run(command, cwd=folder, env=wide, capture_output=True, text=True, timeout=120, check=False)
    yield f"exit code {done.returncode}"
    for line in done.stdout.splitlines()[2:]:
        yield re.sub(" {2,}", "  ", line).rstrip()


@pytest.fixture
def said(tmp_path: Path) -> str:
    """All cases, one after the other."""
    lines: list[str] = []
    for name, (api, end, auth) in CASES.items():
        fake = FakeAirflow(api)
        fake.passwords = {USER["username"]: USER["password"]}
        with Replay(functools.partial(_respond, fake)) as server:
            table = [
                line.replace(server.url, "http://airflow:8080") for line in _check(tmp_path, server.url + end, auth)
            ]
        lines += [f"# {name}", *table, ""]
    return "\n".join(lines)


def test_check_says_exactly_what_is_wrong(said: str, refresh: bool) -> None:
    if refresh:
        EXPECTED.write_text(said)
    assert said == EXPECTED.read_text()
    assert not any(secret in said for secret in (USER["password"], WRONG["password"], "a-wrong-token"))
