"""A running process takes a new configuration, or keeps the old one."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.replay import Answer, Replay
from tests.support.vitals import Vitals, mlvitals
from tests.support.waiting import until

ENTRY = "  - {{name: {name}, type: mlflow, url: '{url}/{name}', interval: 1h, labels: {{team: {team}}}}}\n"


@pytest.fixture
def upstream() -> Iterator[Replay]:
    """An MLflow without models."""
    with Replay(lambda _: Answer(body=b"{}", headers={"Content-Type": "application/json"})) as replay:
        yield replay


class Running:
    """mlvitals with a file that the test changes."""

    def __init__(self, vitals: Vitals, file: Path, url: str) -> None:
        self.vitals, self.file, self.url = vitals, file, url

    def text(self, *names: str, team: str = "a") -> str:
        return "exporters:\n" + "".join(ENTRY.format(name=name, url=self.url, team=team) for name in names)

    def write(self, *names: str, team: str = "a") -> None:
        self.file.write_text(self.text(*names, team=team))

    def reload(self) -> requests.Response:
        return requests.post(f"{self.vitals.url}/-/reload", timeout=30)

    def exporters(self) -> list[str]:
        groups = requests.get(f"{self.vitals.url}/sd", timeout=10).json()
        return [group["labels"]["exporter"] for group in groups]

    def process(self, metric: str) -> str:
        page = requests.get(f"{self.vitals.url}/metrics", timeout=10).text
        return next(line.split()[1] for line in page.splitlines() if line.startswith(metric + " "))

    def settled(self, name: str) -> bool:
        up = "mlvitals_target_up"
        return all(self.vitals.value(name, up, target=target) == 1 for target in ("server", "runs", "run-totals"))


@pytest.fixture
def running(tmp_path: Path, upstream: Replay) -> Iterator[Running]:
    file = tmp_path / "mlvitals.yml"
    file.write_text("exporters:\n" + ENTRY.format(name="one", url=upstream.url, team="a"))
    with mlvitals(tmp_path, "--enable-lifecycle") as vitals:
        running = Running(vitals, file, upstream.url)
        until(lambda: vitals.value("one", "mlvitals_exporter_up") == 1)
        yield running


def test_exporters_come_and_go_and_the_unchanged_keep_their_data(running: Running, upstream: Replay) -> None:
    until(lambda: running.settled("one"))
    calls = calls_of("one", upstream)
    page = running.vitals.page("one")
    running.write("one", "two")
    assert running.reload().status_code == 200
    until(lambda: running.settled("two"))
    assert running.exporters() == ["one", "two", "mlvitals"]
    assert running.vitals.page("one") == page
    assert calls_of("one", upstream) == calls
    running.write("two")
    assert running.reload().ok
    assert running.exporters() == ["two", "mlvitals"]
    assert requests.get(f"{running.vitals.url}/metrics/one", timeout=10).status_code == 404


def calls_of(name: str, upstream: Replay) -> int:
    return sum(request.path.startswith(f"/{name}/") for request in upstream.requests)


def test_a_changed_exporter_begins_anew(running: Running, upstream: Replay) -> None:
    calls = len(upstream.requests)
    running.write("one", team="b")
    assert running.reload().ok
    until(lambda: len(upstream.requests) > calls)
    groups = requests.get(f"{running.vitals.url}/sd", timeout=10).json()
    assert groups[0]["labels"]["team"] == "b"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("exporters: [", "not YAML"),
        ("exporters:\n  - {name: one, type: mlflow, url: 'http://h', intervall: 5s}", "did you mean 'interval'"),
        ("exporters:\n  - {name: one, type: mlflw, url: 'http://h'}", "did you mean 'mlflow'"),
        (None, "no such file"),
    ],
)
def test_a_bad_file_keeps_the_running_configuration(running: Running, text: str | None, problem: str) -> None:
    loaded = running.process("mlvitals_config_last_reload_success_timestamp_seconds")
    if text is None:
        running.file.unlink()
    else:
        running.file.write_text(text)
    answer = running.reload()
    assert (answer.status_code, problem in answer.text) == (500, True)
    assert running.process("mlvitals_config_last_reload_successful") == "0.0"
    assert running.process("mlvitals_config_last_reload_success_timestamp_seconds") == loaded
    assert running.exporters() == ["one", "mlvitals"]
    assert running.vitals.value("one", "mlvitals_exporter_up") == 1
    assert problem in running.vitals.server.log.read_text()
    running.write("one")
    assert running.reload().ok
    assert running.process("mlvitals_config_last_reload_successful") == "1.0"


MISTAKEN_WHERE_A_FILE_IS = """
import sys
from pathlib import Path
from mlvitals.cli import main

def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith("mlvitals.yml") and Path("mistaken").exists():
        raise AttributeError("no attribute 'items'")

sys.addaudithook(hook)
main()
"""


def test_a_mistake_in_loading_keeps_the_running_configuration_too(tmp_path: Path, upstream: Replay) -> None:
    (tmp_path / "mlvitals.yml").write_text("exporters:\n" + ENTRY.format(name="one", url=upstream.url, team="a"))
    with mlvitals(tmp_path, "--enable-lifecycle", program=(sys.executable, "-c", MISTAKEN_WHERE_A_FILE_IS)) as vitals:
        running = Running(vitals, tmp_path / "mlvitals.yml", upstream.url)
        (tmp_path / "mistaken").touch()
        answer = running.reload()
        assert (answer.status_code, "AttributeError in mlvitals or a plug-in" in answer.text) == (500, True)
        assert running.process("mlvitals_config_last_reload_successful") == "0.0"
        assert running.exporters() == ["one", "mlvitals"]
        assert "no attribute 'items'" in vitals.server.log.read_text()
        (tmp_path / "mistaken").unlink()
        assert running.reload().ok
        assert running.process("mlvitals_config_last_reload_successful") == "1.0"


WITHOUT_THREADS_WHERE_A_FILE_IS = """
import threading
from pathlib import Path
from mlvitals.cli import main

start = threading.Thread.start

def exhausted(thread):
    if Path("exhausted").exists() and thread.name in ("two/runs", "reload"):
        raise RuntimeError("can't start new thread")
    start(thread)

threading.Thread.start = exhausted
main()
"""


def test_a_lack_of_threads_keeps_the_running_configuration_too(tmp_path: Path, upstream: Replay) -> None:
    (tmp_path / "mlvitals.yml").write_text("exporters:\n" + ENTRY.format(name="one", url=upstream.url, team="a"))
    program = (sys.executable, "-c", WITHOUT_THREADS_WHERE_A_FILE_IS)
    with mlvitals(tmp_path, "--enable-lifecycle", program=program) as vitals:
        running = Running(vitals, tmp_path / "mlvitals.yml", upstream.url)
        running.write("one", "two")
        (tmp_path / "exhausted").touch()
        answer = running.reload()
        problem = "cannot begin exporter 'two': can't start new thread"
        assert (answer.status_code, answer.text) == (500, problem + "\n")
        assert running.process("mlvitals_config_last_reload_successful") == "0.0"
        assert running.exporters() == ["one", "mlvitals"]
        assert not calls_of("two", upstream)
        vitals.server.send(signal.SIGHUP)
        until(lambda: 'error="can\'t start new thread"' in vitals.server.log.read_text())
        (tmp_path / "exhausted").unlink()
        assert running.reload().ok
        until(lambda: running.settled("two"))


def test_sighup_loads_the_file_again(running: Running) -> None:
    running.write("one", "two")
    running.vitals.server.send(signal.SIGHUP)
    until(lambda: running.exporters() == ["one", "two", "mlvitals"])


HANGUP_BEFORE_IT_LISTENS = """
import os, signal, sys
from mlvitals.cli import main
sys.addaudithook(lambda event, _: event == "socket.bind" and os.kill(os.getpid(), signal.SIGHUP))
main()
"""


def test_sighup_while_it_starts_loads_the_file_again(tmp_path: Path, upstream: Replay) -> None:
    (tmp_path / "mlvitals.yml").write_text("exporters:\n" + ENTRY.format(name="one", url=upstream.url, team="a"))
    with mlvitals(tmp_path, program=(sys.executable, "-c", HANGUP_BEFORE_IT_LISTENS)) as vitals:
        until(lambda: "configuration loaded" in vitals.server.log.read_text())
        until(lambda: vitals.value("one", "mlvitals_exporter_up") == 1)


def test_without_the_flag_there_is_no_reload_over_http(tmp_path: Path, upstream: Replay) -> None:
    with mlvitals(tmp_path, "mlflow", "--set", f"url={upstream.url}") as vitals:
        assert requests.post(f"{vitals.url}/-/reload", timeout=10).status_code == 404


def test_get_does_not_reload(running: Running) -> None:
    assert requests.get(f"{running.vitals.url}/-/reload", timeout=10).status_code == 405


def test_a_file_that_is_replaced_is_taken_whole_or_not_at_all(running: Running) -> None:
    running.write("one", "two")
    whole = running.file.read_text()
    for text, status in [("exporters: [{name: half", 500), (whole, 200)] * 10:
        temporary = running.file.with_suffix(".new")
        temporary.write_text(text)
        temporary.replace(running.file)
        assert running.reload().status_code == status
        assert set(running.exporters()) >= {"one", "mlvitals"}
    assert running.exporters() == ["one", "two", "mlvitals"]


@pytest.mark.parametrize("how", ["in place, in pieces", "atomically"])
def test_reloads_while_the_file_is_written_take_no_half_of_it(running: Running, how: str) -> None:
    sets = [[f"{letter}{number}" for number in range(8)] for letter in "ab"]
    write = {"in place, in pieces": write_in_pieces, "atomically": replace}[how]
    ended = threading.Event()

    def writer() -> None:
        for names in itertools.cycle(sets):
            if ended.is_set():
                return
            write(running.file, running.text(*names))
            # Time in which a reload can find it whole.
            ended.wait(0.3)

    running.write(*sets[0])
    assert running.reload().ok
    thread = threading.Thread(target=writer)
    thread.start()
    try:
        answers = [(running.reload(), running.exporters()) for _ in range(30)]
    finally:
        ended.set()
        thread.join()
    whole = [[*names, "mlvitals"] for names in sets]
    assert [names for _, names in answers if names not in whole] == []
    assert any(answer.ok for answer, _ in answers)
    running.write(*sets[1])
    assert running.reload().ok
    assert running.exporters() == whole[1]


def write_in_pieces(file: Path, text: str) -> None:
    """An entry at a time: each piece ends where YAML could end, too."""
    with file.open("w") as out:
        for line in text.splitlines(keepends=True):
            out.write(line)
            out.flush()
            time.sleep(0.01)


def replace(file: Path, text: str) -> None:
    temporary = file.with_suffix(".new")
    write_in_pieces(temporary, text)
    temporary.replace(file)
