"""Exit codes: 0, 1 for what a file or the machine has wrong, 2 for what the command line has wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlvitals.cli import EXIT_CODES
from mlvitals.core.server import address_of, listen

FILES = {
    "good.yml": "exporters: []\n",
    "bad.yml": "exporters:\n  - {name: a, type: mlfow}\n",
    "away.yml": "exporters:\n  - {name: a, type: mlflow, url: 'http://127.0.0.1:9'}\n",
    "web.yml": "basic_auth_users: {}\n",
    "bad-web.yml": "basic_auth_users: {ann: hunter2}\n",
    "odd-web.yml": "tls_server_config: {cert_file: good.yml, key_file: good.yml}\n",
}
STANDALONE = ("run", "mlflow", "--set", "url=http://h")
GOOD, BAD = ("-c", "good.yml"), ("-c", "bad.yml")
TABLE: list[tuple[int, tuple[str, ...], str]] = [
    (0, ("--help",), ""),
    (0, ("check", *GOOD), ""),
    (0, ("check", *GOOD, "--web-config", "web.yml"), ""),
    (0, ("check", "--web-config", "web.yml"), ""),
    (0, ("check", *GOOD, "--live"), ""),
    (0, ("generate", *GOOD, "--output", "out"), ""),
    (1, ("check", *BAD), "bad.yml:2: exporters[0].type: unknown exporter type 'mlfow'; did you mean 'mlflow'?"),
    (1, ("check", *GOOD, "--web-config", "bad-web.yml"), "bad-web.yml:1: basic_auth_users.ann: expected a bcrypt hash"),
    (1, ("check", "-c", "away.yml", "--live"), "Reading a"),
    (1, ("run", *BAD), "unknown exporter type"),
    (1, (*STANDALONE, "--web-config", "bad-web.yml"), "expected a bcrypt hash"),
    (1, (*STANDALONE, "--web-config", "odd-web.yml"), "cannot use good.yml: it holds no certificate in PEM form"),
    (1, (*STANDALONE, "--listen", "TAKEN"), "cannot listen at TAKEN: Address already in use"),
    (1, (*STANDALONE, "--listen", "198.51.100.1:0"), "cannot listen at 198.51.100.1:0"),
    (1, ("generate", *BAD, "--output", "out"), "unknown exporter type"),
    (1, ("generate", *GOOD, "--output", "/proc/nobody/writes/here"), "/proc/nobody"),
    (2, ("frobnicate",), "No such command 'frobnicate'"),
    (2, ("run", "--frobnicate"), "No such option"),
    (2, ("run",), "mlvitals.yml: no such file; give one with -c, or name a type"),
    (2, ("check",), "mlvitals.yml: no such file"),
    (2, ("check", "-c", "none.yml"), "File 'none.yml' does not exist"),
    (2, ("check", "-c", "."), "File '.' is a directory"),
    (2, ("check", *GOOD, "--web-config", "none.yml"), "File 'none.yml' does not exist"),
    (2, ("run", "-c", "none.yml"), "File 'none.yml' does not exist"),
    (2, (*STANDALONE, "--web-config", "none.yml"), "File 'none.yml' does not exist"),
    (2, ("run", "-c", "away.yml", "--only", "b"), "--only b: no such exporter; the file has a"),
    (2, ("run", "mlfow"), "unknown exporter type 'mlfow'; did you mean 'mlflow'?"),
    (2, ("run", "mlflow"), "--set: url: required key is missing"),
    (2, ("run", "mlflow", "--set", "url"), "--set: expected KEY=VALUE"),
    (2, (*STANDALONE, "--set", "intervl=5s"), "--set: intervl: unknown key; did you mean 'interval'?"),
    (2, (*STANDALONE, "--set", "auth.password=hunter2"), "a secret would show in ps"),
    (2, (*STANDALONE, "--set", "auth.token_file=none"), "no such file: none"),
    (2, (*STANDALONE, *GOOD), "leave -c and --only out"),
    (2, ("run", "--set", "url=http://h"), "--set goes with a TYPE"),
    (2, (*STANDALONE, "--listen", "nowhere"), "--listen: expected HOST:PORT, got 'nowhere'"),
    (2, (*STANDALONE, "--listen", "127.0.0.1:99999"), "--listen: expected HOST:PORT"),
    (2, ("generate", *GOOD), "Missing option '--output'"),
    (2, ("generate", *GOOD, "--output", "good.yml"), "Directory 'good.yml' is a file"),
    (2, ("metrics", "--format", "xml"), "'xml' is not one of"),
    (2, ("metrics", "--log-level", "loud"), "'loud' is not one of"),
]


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlvitals", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(("status", "arguments", "words"), TABLE, ids=[" ".join(row[1]) for row in TABLE])
def test_an_exit_code(tmp_path: Path, status: int, arguments: tuple[str, ...], words: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    taken = listen("127.0.0.1:0")
    address = address_of(taken)
    done = ran(tmp_path, *(address if each == "TAKEN" else each for each in arguments))
    for sock in taken:
        sock.close()
    assert (done.returncode, words.replace("TAKEN", address) in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_help_and_guide_say_the_same(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs/operations.md").read_text()
    rows = re.findall(r"^\| (\d) \| (.*) \|$", page, re.MULTILINE)
    assert dict(rows) == {str(code): meaning for code, meaning in EXIT_CODES.items()}
    said = " ".join(ran(tmp_path, "--help").stdout.split())
    assert all(f"{code}: {meaning}." in said for code, meaning in EXIT_CODES.items())
