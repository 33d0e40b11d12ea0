"""A running process takes a new web.yml, or keeps the old one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import requests
import yaml

from compose.soak.usage import Usage
from tests.faults.watch import values
from tests.support.pki import Pki
from tests.support.replay import Replay, always, json_answer
from tests.support.vitals import Vitals, mlvitals, samples
from tests.support.waiting import until
from tests.test_reload import write_in_pieces

USER, PASSWORD = "prom", "a long password"
TLS = {"cert_file": "server.pem", "key_file": "server.key"}
USERS = {USER: bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}


class Running:
    """mlvitals with TLS and a password."""

    def __init__(self, vitals: Vitals, folder: Path) -> None:
        self.vitals, self.folder = vitals, folder
        self._session = requests.Session()
        # Or requests takes the authorities that the environment names.
        self._session.trust_env = False
        # Connections that are open keep what they have.
        self._session.headers["Connection"] = "close"
        self._session.verify = str(folder / "ca.pem")

    def web(self, **web: Any) -> None:
        (self.folder / "web.yml").write_text(yaml.safe_dump(web))

    def exporters(self, url: str, *names: str) -> None:
        entries = [{"name": name, "type": "mlflow", "url": url, "interval": "1h"} for name in names]
        (self.folder / "mlvitals.yml").write_text(yaml.safe_dump({"exporters": entries}))

    def reload(self) -> requests.Response:
        return self._session.post(f"{self.secure}/-/reload", auth=(USER, PASSWORD), timeout=30)

    def ask(self, url: str, auth: tuple[str, str] | None = None) -> int | None:
        """The status, None when there is no answer."""
        try:
            return self._session.get(f"{url}/metrics", auth=auth, timeout=10).status_code
        except requests.ConnectionError:
            return None

    def refusals(self) -> dict[str, float]:
        """Reason -> how many were turned away, as the process says."""
        page = self._session.get(f"{self.secure}/metrics", auth=(USER, PASSWORD), timeout=10).text
        counts = values(samples(page), "mlvitals_http_refusals_total")
        return {dict(labels)["reason"]: count for labels, count in counts.items() if count}

    def log(self) -> list[str]:
        return self.vitals.server.log.read_text().splitlines()

    @property
    def secure(self) -> str:
        return self.vitals.url.replace("http://", "https://")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    Pki(tmp_path)
    (tmp_path / "mlvitals.yml").write_text("exporters: []\n")
    (tmp_path / "web.yml").write_text("{}\n")
    with mlvitals(tmp_path, "--web-config", "web.yml", "--enable-lifecycle") as vitals:
        running = Running(vitals, tmp_path)
        running.web(tls_server_config=TLS, basic_auth_users=USERS)
        assert requests.post(f"{vitals.url}/-/reload", timeout=30).ok
        yield running


def test_a_file_without_tls_and_users_is_followed_and_logged(running: Running) -> None:
    assert running.ask(running.secure, (USER, PASSWORD)) == 200
    assert (running.ask(running.secure), running.ask(running.vitals.url)) == (401, None)
    running.web(tls_server_config=TLS)
    assert running.reload().ok
    assert running.ask(running.secure) == 200
    running.web()
    running.vitals.server.send(signal.SIGHUP)
    until(lambda: running.ask(running.vitals.url) == 200)
    said = [line.partition(" level=")[2] for line in running.log() if "less protected" in line]
    event = 'event="the server is less protected than before"'
    assert said == [f"warning {event} without=passwords", f"warning {event} without=TLS"]


def test_reloads_while_the_file_is_written_never_open_the_server(running: Running) -> None:
    whole, ended = (running.folder / "web.yml").read_text(), threading.Event()
    lines = yaml.safe_dump({"tls_server_config": TLS}) + yaml.safe_dump({"basic_auth_users": USERS})
    assert yaml.safe_load(lines) == yaml.safe_load(whole)

    def write() -> None:
        while not ended.wait(0.3):
            write_in_pieces(running.folder / "web.yml", lines)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        asked = [(running.reload().status_code, running.ask(running.secure)) for _ in range(20)]
    finally:
        ended.set()
        thread.join()
    assert {status for _, status in asked} == {401}
    assert {status for status, _ in asked} <= {200, 500}
    assert running.reload().ok


def test_a_file_that_is_emptied_changes_nothing(running: Running) -> None:
    (running.folder / "web.yml").write_text("")
    refused = running.reload()
    assert (refused.status_code, refused.text) == (
        500,
        "web.yml: the file is empty; write {} for neither TLS nor users\n",
    )
    assert (running.ask(running.secure), running.ask(running.vitals.url)) == (401, None)
    assert [line for line in running.log() if "level=error" in line and "the file is empty" in line]
    assert not [line for line in running.log() if "request failed" in line]


def test_a_certificate_that_cannot_be_used_leaves_nothing_of_new_exporters(running: Running) -> None:
    with Replay(always(json_answer({}))) as upstream:
        (running.folder / "server.pem").write_text("no certificate")
        running.exporters(upstream.url, "one", "two")
        assert running.reload().status_code == 500
        before = Usage.of(running.vitals.server)
        for _ in range(10):
            refused = running.reload()
            assert (refused.status_code, "server.pem" in refused.text) == (500, True)
        # Three of the server's four threads may be new.
        until(lambda: Usage.of(running.vitals.server).threads <= before.threads + 3)
        # The connection of the last answer may still be closing.
        until(lambda: Usage.of(running.vitals.server).descriptors <= before.descriptors)
        assert not upstream.requests


def test_no_exporters_are_worth_a_warning(running: Running) -> None:
    def warned() -> int:
        return sum("level=warning" in line and "no exporters" in line for line in running.log())

    with Replay(always(json_answer({}))) as upstream:
        running.exporters(upstream.url, "one")
        assert running.reload().ok
        before = warned()
        running.exporters(upstream.url)
        assert running.reload().ok
    assert warned() == before + 1


def test_who_is_turned_away_is_counted_and_logged_without_passwords(running: Running) -> None:
    assert running.ask(running.secure) == 401
    for number in range(3):
        assert running.ask(running.secure, (USER, f"guess-{number}")) == 401
    assert running.ask(running.vitals.url) is None
    assert running.refusals() == {"tls": 1, "no_credentials": 1, "wrong_credentials": 3}
    refused = [line for line in running.log() if "client refused" in line]
    assert len(refused) == 3
    assert all("client=127.0.0.1" in line for line in refused)
    assert not [line for line in running.log() if "guess" in line or PASSWORD in line]
