"""What arrives at each kind of receiver, through the oldest Alertmanager that is supported and a new one."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from compose.alertmanager import alertmanager_server
from compose.processes import free_port
from compose.programs import version
from mlvitals.generate import write
from mlvitals.model import Config
from tests.support.inbox import Inbox, http_inbox, smtp_inbox
from tests.support.waiting import until

pytestmark = pytest.mark.live

GOLDEN = Path(__file__).parent / "messages"
CHANNELS = ("slack", "email", "html", "pagerduty", "teams", "webhook")
SECRETS = {name: f"hunter2-{name}" for name in ("slack", "teams", "hook", "pagerduty", "smtp")}
STARTED, LATER, NEVER = "2026-01-02T03:04:05Z", "2026-01-02T09:00:00Z", "2199-01-01T00:00:00Z"
RUNBOOK = "https://vitals.example/runbooks/"
HOSTILE = '<!channel> [here](http://evil.example) {{ .Receiver }}\n- <b>&"'
Alert = dict[str, Any]


def alert(name: str, description: str, ends: str = NEVER, severity: str = "warning", **labels: str) -> Alert:
    """As Prometheus sends it: labels of the target, of the object and of the configuration."""
    target = {"exporter": "registry", "exporter_type": "mlflow", "instance": "vitals:10847", "job": "mlvitals"}
    annotations = {
        "summary": "This is out of order.",
        "description": f"registry: {description}",
        "runbook_url": RUNBOOK + name,
        "dashboard": "https://grafana.example/d/mlvitals-mlflow?var-exporter=registry",
    }
    known = {"alertname": name, "severity": severity, "team": "ml-platform", **target}
    return {"labels": {**known, **labels}, "annotations": annotations, "startsAt": STARTED, "endsAt": ends}


def late(model: str, ends: str = NEVER) -> Alert:
    text = f"model {model} has had no new version for 3d 2h, objective 1d 2h."
    return alert("MlflowNewVersionLate", text, ends, model=model)


OUT_OF_BOUNDS = alert(
    "MlflowAliasMetricOutOfBounds",
    f"model {HOSTILE}, alias champion: mse is 0.75, expected < 0.5.",
    severity="critical",
    model=HOSTILE,
    alias="champion",
)
# Alerts that began long ago are sent at once, perhaps before Alertmanager has read the others of the group.
STAGES = {
    "firing": ("MlflowNewVersionLate", "FIRING:2"),
    "one-resolved": ("MlflowNewVersionLate", "FIRING:1", "to 2026-01-02 09:00 UTC"),
    "resolved": ("MlflowNewVersionLate", "[RESOLVED]"),
    "hostile": ("MlflowAliasMetricOutOfBounds",),
    "many": ("MlflowAliasGone", "FIRING:12"),
    "foreign": ("DiskFull",),
}
FOREIGN: Alert = {"labels": {"alertname": "DiskFull"}, "startsAt": STARTED, "endsAt": NEVER}
GONE = [alert("MlflowAliasGone", f"model m{i:02}, alias a: the alias is gone.", model=f"m{i:02}") for i in range(12)]


@dataclass(frozen=True)
class Told:
    """What was told: `text(channel, words)` is the first message with these words."""

    inbox: Inbox
    alertmanager: str
    newest: bool

    @property
    def channels(self) -> tuple[str, ...]:
        return CHANNELS if self.newest else tuple(channel for channel in CHANNELS if channel != "teams")

    def post(self, *alerts: Alert) -> None:
        requests.post(f"{self.alertmanager}/api/v2/alerts", json=alerts, timeout=10).raise_for_status()

    def text(self, channel: str, *words: str) -> str:
        if channel not in self.channels:
            pytest.skip(f"Alertmanager 0.25 does not know {channel}")
        found = until(lambda: self.inbox.of(channel, *words), 30)[0]
        return found.replace(self.alertmanager, "http://alertmanager")

    def everywhere(self, *words: str) -> None:
        for channel in self.channels:
            if channel != "webhook":
                self.text(channel, *words)


def notifications(http: str, smtp: str, folder: Path, *, newest: bool) -> dict[str, Any]:
    """Everything in one receiver; what is secret stands in files."""
    contents = {
        "slack": f"{http}/slack/{SECRETS['slack']}\n",
        "teams": f"{http}/teams/{SECRETS['teams']}\n",
        "hook": f"{http}/webhook/{SECRETS['hook']}\n",
        "pagerduty": f"{SECRETS['pagerduty']}\n",
        "smtp": SECRETS["smtp"],
    }
    path = {name: str(folder / name) for name in contents}
    for name, text in contents.items():
        Path(path[name]).write_text(text)
    receiver: dict[str, Any] = {
        "name": "ops",
        "slack": {"api_url_file": path["slack"], "channel": "#ops"},
        "email": {"to": ["ops@example.org", "night@example.org"]},
        "pagerduty": {"routing_key_file": path["pagerduty"], "url": f"{http}/pagerduty/"},
        "webhook": {"url_file": path["hook"]} if newest else {"url": f"{http}/webhook/"},
    }
    if newest:
        receiver["teams"] = {"webhook_url_file": path["teams"]}
    login = {"username": "vitals", "password_file": path["smtp"], "ca_file": str(folder / "ca.pem")}
    return {
        "alertmanager_version": "0.31" if newest else "0.25",
        "smtp": {"smarthost": smtp, "from": "vitals@example.org", **login},
        "receivers": [receiver],
        "receiver": "ops",
        "group_wait": "1s",
        "group_interval": "1s",
    }


def tls(folder: Path) -> ssl.SSLContext:
    """For a server at 127.0.0.1, trusted by the CA in `ca.pem`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def told(each_program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """An Alertmanager with what `generate` writes, after it was told of alerts that came and went."""
    binary = each_program("alertmanager")
    newest = version(binary) >= (0, 31)
    folder = tmp_path_factory.mktemp("receivers")
    inbox = Inbox()
    url = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as running:
        http = running.enter_context(http_inbox(inbox))
        smtp = running.enter_context(smtp_inbox(inbox, tls(folder), ("vitals", SECRETS["smtp"])))
        config = Config.model_validate({"notifications": notifications(http, smtp, folder, newest=newest)})
        write(config, folder / "generated")
        running.enter_context(
            alertmanager_server(binary, folder / "generated/alertmanager/alertmanager.yml", folder, url)
        )
        told = Told(inbox, url, newest)
        told.post(late("churn"), late("fraud"), OUT_OF_BOUNDS, FOREIGN, *GONE)
        told.everywhere(*STAGES["firing"])
        told.post(late("churn", LATER))
        told.everywhere(*STAGES["one-resolved"])
        told.post(late("fraud", LATER))
        yield told
    for file in [*(folder / "generated").rglob("*"), folder / "alertmanager.log"]:
        assert file.is_dir() or "hunter2" not in file.read_text()


READ_BY_PEOPLE = [channel for channel in CHANNELS if channel != "webhook"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("channel", READ_BY_PEOPLE)
def test_a_message_is_as_it_should_be(channel: str, stage: str, told: Told, refresh: bool) -> None:
    found = told.text(channel, *STAGES[stage])
    golden = GOLDEN / f"{channel}-{stage}.txt"
    if refresh:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_names_exporter_object_value_bound_runbook_and_dashboard(channel: str, told: Told) -> None:
    text = told.text(channel, "MlflowNewVersionLate", "churn")
    assert "registry: model churn has had no new version for 3d 2h, objective 1d 2h." in text
    assert f"{RUNBOOK}MlflowNewVersionLate" in text
    assert "https://grafana.example/d/mlvitals-mlflow?var-exporter=registry" in text


def test_names_that_people_gave_are_no_markup(told: Told) -> None:
    stage = STAGES["hostile"]
    assert "<!" not in told.text("slack", *stage)
    assert HOSTILE not in told.text("html", *stage)
    assert HOSTILE.split("]")[0] in told.text("pagerduty", *stage)
    assert "{{ .Receiver }}" in told.text("pagerduty", *stage)


def test_names_that_people_gave_are_no_links_in_teams(told: Told) -> None:
    assert "](http://evil" not in told.text("teams", *STAGES["hostile"])
