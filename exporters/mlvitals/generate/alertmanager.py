"""alertmanager.yml and the texts that it sends, from `notifications:`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from mlvitals import assets, registry
from mlvitals.core import metrics
from mlvitals.core.metric import Kind, Metric, declared
from mlvitals.generate.durations import duration
from mlvitals.generate.files import yaml_file
from mlvitals.generate.receivers import receiver
from mlvitals.model import Config
from mlvitals.mutes import MuteTime
from mlvitals.notifications import Notifications, Route
from mlvitals.receivers import NOBODY

ABOUT = """\
A whole configuration of Alertmanager {version} or newer; `amtool check-config` reads this file.
It needs the templates beside it. Routes are tried in order, the first that matches wins."""

WATCHDOG = "MlvitalsWatchdog"
SCRAPE_MISSING = "MlvitalsScrapeTargetMissing"
EXPORTER_DOWN = "MlvitalsExporterDown"
SERIES_DROPPED = "MlvitalsSeriesDropped"
WAITING = "Late|NotStarted|NoSuccess|RunningLong|TasksQueued|PoolStarved"
"""What alerts are named that say that something waits, or takes long."""


def files(config: Config) -> dict[str, str]:
    """Path below the output folder -> file; none without `notifications:`."""
    if config.notifications is None:
        return {}
    about = ABOUT.format(version=config.notifications.alertmanager_version)
    texts = assets.templates()
    made = {"alertmanager.yml": yaml_file(about, _whole(config.notifications, sorted(texts))), **texts}
    return {f"alertmanager/{name}": text for name, text in made.items()}


def _whole(notifications: Notifications, templates: list[str]) -> dict[str, Any]:
    nobody = [] if notifications.watchdog else [{"name": NOBODY}]
    mutes = {"time_intervals": [*map(_interval, notifications.mute_times)]} if notifications.mute_times else {}
    return {
        "templates": templates,
        "route": {
            "receiver": notifications.receiver,
            "group_by": ["alertname", "exporter"],
            "group_wait": duration(notifications.group_wait),
            "group_interval": duration(notifications.group_interval),
            "repeat_interval": duration(notifications.repeat_interval),
            "routes": [_watchdog(notifications), *map(_route, notifications.routes)],
        },
        **mutes,
        "inhibit_rules": _inhibitions(),
        "receivers": [*(receiver(each, notifications.smtp) for each in notifications.receivers), *nobody],
    }


def _watchdog(notifications: Notifications) -> dict[str, Any]:
    """A dead man's switch wants the alert again and again, and alone; people do not want it at all."""
    often = notifications.watchdog_interval
    return {
        "receiver": notifications.watchdog or NOBODY,
        "matchers": [_equals("alertname", WATCHDOG)],
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": duration(often),
        # Sent is a little later than due: of the same length, it would not be over when the next one is due.
        "repeat_interval": duration(often / 2),
    }


def _route(route: Route) -> dict[str, Any]:
    wanted = {"severity": route.severity, "team": route.team}
    made = {"receiver": route.receiver, "matchers": [_equals(name, value) for name, value in wanted.items() if value]}
    return {**made, "mute_time_intervals": [*route.mute_times]} if route.mute_times else made


def _interval(mute: MuteTime) -> dict[str, Any]:
    ranges = (hours.split("-") for hours in mute.hours)
    when: dict[str, Any] = {"times": [{"start_time": begin, "end_time": end} for begin, end in ranges]}
    when = {key: value for key, value in {**when, "weekdays": [*mute.days]}.items() if value}
    return {"name": mute.name, "time_intervals": [{**when, "location": mute.time_zone}]}


def _inhibitions() -> list[dict[str, Any]]:
    """What mutes what. Every source and target carries `exporter`: alerts of others are left alone.

    Where the page cannot be scraped, nothing else that comes from it can be trusted; neither can what an exporter
    last said when it reads nothing. `…Down` of a system itself is never muted by the exporter's: it is the better text.
    A node's `…Down` is an alert like others.
    Nothing is in time while a scheduler stands still, and nobody is healthy without the database.
    """
    page = ["exporter", "instance"]
    thing = [*page, *object_labels()]
    follows = f"{EXPORTER_DOWN}|{SERIES_DROPPED}"
    down = "|".join(_down_alerts())
    nothing_read = f"{EXPORTER_DOWN}|{down}"
    missing, other = _equals("alertname", SCRAPE_MISSING), f'alertname!="{SCRAPE_MISSING}"'
    return [
        # A run that does not start or end is why a DAG is late. That a run failed is another matter.
        _inhibition(['alertname=~".+DagLate"'], ['alertname=~".+(DagNotStarted|DagRunningLong)"'], [*page, "dag_id"]),
        _inhibition(['alertname=~".+OutOfBounds"'], ['alertname=~".+Missing"', other], thing),
        _inhibition([f'alertname=~"{down}"'], [f'alertname=~"{follows}"'], page),
        _inhibition([missing], [other], page),
        _inhibition([f'alertname=~"{nothing_read}"'], [f'alertname!~"{SCRAPE_MISSING}|{nothing_read}"'], page),
        _inhibition([missing, 'exporter="mlvitals"'], [missing, 'exporter!="mlvitals"'], ["instance"]),
        _inhibition(['alertname=~".+MetadatabaseUnhealthy"'], ['alertname=~".+Unhealthy"'], page),
        _inhibition(['alertname=~".+SchedulerUnhealthy"'], [f'alertname=~".+({WAITING})"'], page),
        # The text about the data set names its columns.
        _inhibition(['alertname=~".+DatasetDrifted"'], ['alertname=~".+ColumnDrifted"'], [*page, "dataset"]),
        _inhibition(
            ['alertname=~".+DatasetDrifted"'], ['alertname=~".+TestFailing"', 'preset="DataDrift"'], [*page, "dataset"]
        ),
        # What is missing has too few replicas, too.
        _inhibition(['alertname=~".+MissingBlocks"'], ['alertname=~".+UnderReplicatedBlocks"'], [*page, "daemon"]),
        _inhibition(['alertname=~".+CapacityLow"'], ['alertname=~".+CapacityPredicted"'], [*page, "daemon"]),
        # The run of an orchestrating DAG fails because that of its child does, which is the text that names both.
        _inhibition(['alertname=~".+TriggeredRunFailed"'], ['alertname=~".+DagRunFailed"'], [*page, "dag_id"]),
    ]


def _down_alerts() -> list[str]:
    """The alerts that nothing of a system can be read, named after its exporter type: of `my_jobs` it is MyJobsDown."""
    words = (re.findall(r"[A-Za-z0-9]+", name) for name in registry.type_names())
    return ["".join(word[0].upper() + word[1:] for word in each) + "Down" for each in words]


def _inhibition(source: list[str], target: list[str], equal: list[str]) -> dict[str, Any]:
    ours = 'exporter!=""'
    return {"source_matchers": [*source, ours], "target_matchers": [*target, ours], "equal": equal}


def object_labels() -> list[str]:
    """Labels that say which thing an alert is about: the open ones of every installed type."""
    known = list(declared(metrics))
    for name in registry.type_names():
        with suppress(LookupError):
            known += registry.exporter_type(name).metrics
    return sorted(_open_labels(known))


def _open_labels(known: Iterable[Metric]) -> set[str]:
    things = (metric for metric in known if metric.kind != Kind.INFO)
    return {label for metric in things for label in metric.labels if label not in metric.values}


def _equals(name: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{name}="{escaped}"'
